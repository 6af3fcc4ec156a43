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
    /// From the code to the record: a provider that is slow, and a store.
    private static let wordLasts = Duration.seconds(600)

    /// The sessions of a set that are still there. Those that are not leave the set.
    package func list(_ index: SessionIndex, _ completion: @escaping Completion<[ListedSession]>) {
        self.store.keys(in: index) { result in
            switch result {
            case .failure(let fault): completion(.failure(.store(fault)))
            case .success(let keys): self.look(keys, index, completion)
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

    /// Ends every session of a set, those included that are just being saved (see `stands`).
    package func endAll(in index: SessionIndex, _ completion: @escaping Completion<[ListedSession]>) {
        let now = Timestamp.now.inMilliseconds
        self.store.noteEnd(of: index, at: now, expiresIn: Self.wordLasts) { noted in
            self.endKnown(in: index) { result in
                // A store that takes no word still lets go of sessions. Whoever asked is told to ask again.
                if case .failure(let fault) = noted, case .success = result {
                    return completion(.failure(.store(fault)))
                }
                completion(result)
            }
        }
    }

    /// Ends every session of a set that is stored. It leaves no word: strangers may ask for this.
    package func endKnown(in index: SessionIndex, _ completion: @escaping Completion<[ListedSession]>) {
        self.store.keys(in: index) { result in
            switch result {
            case .failure(let fault): completion(.failure(.store(fault)))
            case .success(let keys): self.endAll(keys, completion)
            }
        }
    }

    /// Whether a session that has just been stored is to stay. It is not when its provider's session, its person's or all
    /// sessions were ended since its sign-in began, in milliseconds since 1970: who ended them did not find it. Then it is
    /// removed.
    ///
    /// Who ends sessions leaves word first and looks for them then; who begins one stores it first and looks for word
    /// then. So one of them sees the other.
    package func stands(
        _ session: Session,
        under ticket: Ticket,
        begunAt: Int64,
        _ completion: @escaping Completion<Bool>
    ) {
        let indexes = SessionIndex.all(of: session, under: ticket.key)
        self.store.lastEnd(of: indexes) { result in
            switch result {
            case .success(let end) where (end ?? .min) < begunAt: completion(.success(true))
            case .failure(let fault):
                self.store.remove(ticket.key) { _ in completion(.failure(.store(fault))) }
            case .success:
                self.store.remove(ticket.key) { result in
                    self.store.leave(ticket.key, indexes) { _ in }
                    completion(result.map { _ in false }.mapError { .store($0) })
                }
            }
        }
    }

    /// Every session of a set is refreshed before it is used again.
    package func markStale(in index: SessionIndex, _ completion: @escaping Completion<Int>) {
        self.store.keys(in: index) { result in
            switch result {
            case .failure(let fault): completion(.failure(.store(fault)))
            case .success(let keys):
                self.inBatches(keys) { key, done in
                    self.store.mark(key) { done($0.mapError { .store($0) }) }
                } completion: {
                    completion($0.map { keys.count })
                }
            }
        }
    }

    private func endAll(_ keys: [SessionKey], _ completion: @escaping Completion<[ListedSession]>) {
        var ended: [ListedSession] = []
        self.inBatches(keys) { key, done in
            self.end(key) { result in
                if case .success(let found?) = result { ended.append(found) }
                done(result.map { _ in () })
            }
        } completion: {
            completion($0.map { ended })
        }
    }

    private func look(
        _ keys: [SessionKey],
        _ index: SessionIndex,
        _ completion: @escaping Completion<[ListedSession]>
    ) {
        var found: [ListedSession] = []
        self.inBatches(keys) { key, done in
            self.find(key) { result in
                if case .success(let listed?) = result { found.append(listed) }
                if case .success(nil) = result { self.store.leave(key, [index]) { _ in } }
                done(result.map { _ in () })
            }
        } completion: {
            completion($0.map { found })
        }
    }

    /// The same for each key, a batch at a time; the first failure ends it.
    ///
    /// A store may answer before it returns. So that batches do not pile up on the stack then, whoever is answered in the
    /// midst of the loop leaves the next batch to it.
    private func inBatches(
        _ keys: [SessionKey],
        _ work: @escaping (SessionKey, @escaping Completion<Void>) -> Void,
        completion: @escaping Completion<Void>
    ) {
        var rest = keys[...]
        var isInLoop = false
        var isAnswered = false
        func goOn() {
            isAnswered = true
            guard !isInLoop else { return }
            isInLoop = true
            while isAnswered {
                isAnswered = false
                let batch = rest.prefix(Self.batch)
                rest = rest.dropFirst(batch.count)
                guard !batch.isEmpty else { return completion(.success(())) }
                self.each(batch, work) { result in
                    if case .failure = result { completion(result) } else { goOn() }
                }
            }
            isInLoop = false
        }
        goOn()
    }

    /// The same for each, all at once; the first failure is the answer.
    func each<Item>(
        _ items: ArraySlice<Item>,
        _ work: (Item, @escaping Completion<Void>) -> Void,
        completion: @escaping Completion<Void>
    ) {
        guard !items.isEmpty else { return completion(.success(())) }
        var left = items.count
        var outcome: Result<Void, Fault> = .success(())
        for item in items {
            work(item) { result in
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
