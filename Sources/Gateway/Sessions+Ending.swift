package import Access

/// A session as the operator sees it.
package struct ListedSession {
    package let key: SessionKey
    /// `nil` for a record of the first version, or of keys that are gone.
    package let summary: SessionSummary?
    package let idleRemaining: Duration
}

/// Ways to sessions whose ticket is not at hand: the provider's and the operator's.
extension Sessions {
    /// How many records are asked for at once.
    private static let batch = 100

    /// The sessions of a set that are still there. Those that are not leave the set.
    package func list(_ index: SessionIndex, _ completion: @escaping Completion<[ListedSession]>) {
        self.store.keys(in: index) { result in
            switch result {
            case .failure(let fault): completion(.failure(.store(fault)))
            case .success(let keys): self.look(keys[...], index, [], completion)
            }
        }
    }

    /// One session, by its own name.
    package func find(_ key: SessionKey, _ completion: @escaping Completion<ListedSession?>) {
        self.store.load(key) { result in
            completion(result.map { $0.map { self.listed(key, $0) } }.mapError { .store($0) })
        }
    }

    /// Ends a session. Answers what it was; `nil` when there was none.
    package func end(_ key: SessionKey, _ completion: @escaping Completion<ListedSession?>) {
        self.find(key) { result in
            guard case .success(let found?) = result else { return completion(result) }
            self.store.remove(key) { result in
                switch result {
                case .failure(let fault): completion(.failure(.store(fault)))
                case .success(false): completion(.success(nil))
                case .success(true):
                    self.onEnd(key)
                    if let summary = found.summary { self.store.leave(key, summary.indexes(under: key)) { _ in } }
                    completion(.success(found))
                }
            }
        }
    }

    /// Ends every session of a set.
    package func endAll(in index: SessionIndex, _ completion: @escaping Completion<[ListedSession]>) {
        self.store.keys(in: index) { result in
            switch result {
            case .failure(let fault): completion(.failure(.store(fault)))
            case .success(let keys): self.endAll(keys[...], [], completion)
            }
        }
    }

    /// Every session of a set is refreshed before it is used again.
    package func markStale(in index: SessionIndex, _ completion: @escaping Completion<Int>) {
        self.store.keys(in: index) { result in
            switch result {
            case .failure(let fault): completion(.failure(.store(fault)))
            case .success(let keys):
                let mark: (SessionKey, @escaping Completion<Void>) -> Void = { key, done in
                    self.store.mark(key) { done($0.mapError { Fault.store($0) }) }
                }
                self.each(keys[...], mark) { completion($0.map { keys.count }) }
            }
        }
    }

    private func endAll(
        _ keys: ArraySlice<SessionKey>,
        _ ended: [ListedSession],
        _ completion: @escaping Completion<[ListedSession]>
    ) {
        var ended = ended
        let batch = keys.prefix(Self.batch)
        guard !batch.isEmpty else { return completion(.success(ended)) }
        self.each(
            batch,
            { key, done in
                self.end(key) { result in
                    if case .success(let found?) = result { ended.append(found) }
                    done(result.map { _ in () })
                }
            }
        ) { result in
            if case .failure(let fault) = result { return completion(.failure(fault)) }
            self.endAll(keys.dropFirst(batch.count), ended, completion)
        }
    }

    private func look(
        _ keys: ArraySlice<SessionKey>,
        _ index: SessionIndex,
        _ found: [ListedSession],
        _ completion: @escaping Completion<[ListedSession]>
    ) {
        var found = found
        let batch = keys.prefix(Self.batch)
        guard !batch.isEmpty else { return completion(.success(found)) }
        self.each(
            batch,
            { key, done in
                self.find(key) { result in
                    if case .success(let listed?) = result { found.append(listed) }
                    if case .success(nil) = result { self.store.leave(key, [index]) { _ in } }
                    done(result.map { _ in () })
                }
            }
        ) { result in
            if case .failure(let fault) = result { return completion(.failure(fault)) }
            self.look(keys.dropFirst(batch.count), index, found, completion)
        }
    }

    /// The same for each key, all at once; the first failure is the answer.
    private func each(
        _ keys: ArraySlice<SessionKey>,
        _ work: (SessionKey, @escaping Completion<Void>) -> Void,
        _ completion: @escaping Completion<Void>
    ) {
        guard !keys.isEmpty else { return completion(.success(())) }
        var left = keys.count
        var outcome: Result<Void, Fault> = .success(())
        for key in keys {
            work(key) { result in
                if case .failure = result, case .success = outcome { outcome = result }
                left -= 1
                if left == 0 { completion(outcome) }
            }
        }
    }

    private func listed(_ key: SessionKey, _ record: StoredRecord) -> ListedSession {
        let summary = (try? SessionRecord(bytes: record.box))?.summary(of: key, with: self.settings.keys)
        return ListedSession(key: key, summary: summary, idleRemaining: record.idleRemaining)
    }
}
