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
            case .success(let keys): self.endAll(keys[...], [], completion)
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
