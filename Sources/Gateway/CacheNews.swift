import Access

/// Passes a store's news on to all who want them: under the configuration in force, and under those before it.
final class CacheNews {
    typealias Listener = (StoreChange) -> Void

    private var listeners: [ObjectIdentifier: Listener] = [:]
    /// Whether the store tells just now.
    private var isTold = false

    init(from store: any SessionStore) {
        store.tellChanges { [weak self] in self?.learn($0) }
    }

    func add(_ owner: AnyObject, _ listener: @escaping Listener) {
        self.listeners[ObjectIdentifier(owner)] = listener
        if self.isTold { listener(.began) }
    }

    func remove(_ owner: AnyObject) {
        self.listeners[ObjectIdentifier(owner)] = nil
    }

    private func learn(_ change: StoreChange) {
        switch change {
        case .began: self.isTold = true
        case .ended: self.isTold = false
        case .record, .everything: break
        }
        for listener in self.listeners.values { listener(change) }
    }
}

@available(*, unavailable)
extension CacheNews: Sendable {}

extension Sessions {
    func learn(_ change: StoreChange) {
        self.cache.learn(change)
        switch change {
        case .record(let key): self.onChange(key)
        case .began, .everything, .ended: self.onMissedChanges()
        }
    }

    /// Nobody asks any more; the store goes on with a successor, which is told of what still ends here. Whoever has made
    /// one retires it: until then it is kept by those it listens to, and keeps those it tells.
    package func retire(succeededBy successor: Sessions? = nil) {
        self.news?.remove(self)
        self.onEnd = { successor?.onEnd($0) }
        self.onRefresh = { successor?.onRefresh($0) }
        self.onChange = { _ in }
        self.onMissedChanges = {}
    }

    /// Nothing is loaded or saved any more.
    func close() {
        self.store.close()
    }
}
