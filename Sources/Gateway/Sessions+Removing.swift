package import Access

/// What a browser's ticket stood for.
package struct RemovedSession {
    package let key: SessionKey
    /// For what remains to be done with its tokens. `nil`: its record could not be opened.
    package let session: Session?
}

/// A browser's way out.
extension Sessions {
    /// Ends what these tickets stand for, and hands over what was there. A record that cannot be opened goes as well: its
    /// ticket is the browser's own. The first fault keeps none of the others from ending.
    package func remove(
        _ tickets: [Ticket],
        for authority: Authority,
        _ completion: @escaping (_ removed: [RemovedSession], _ fault: Fault?) -> Void
    ) {
        self.remove(tickets[...], for: authority, [], nil, completion)
    }

    private func remove(
        _ tickets: ArraySlice<Ticket>,
        for authority: Authority,
        _ removed: [RemovedSession],
        _ fault: Fault?,
        _ completion: @escaping (_ removed: [RemovedSession], _ fault: Fault?) -> Void
    ) {
        guard let ticket = tickets.first else { return completion(removed, fault) }
        self.load([ticket], for: authority) { result in
            let next: Completion<RemovedSession?> = { result in
                var (removed, fault) = (removed, fault)
                switch result {
                case .success(let session): if let session { removed.append(session) }
                case .failure(let newer): fault = fault ?? newer
                }
                self.remove(tickets.dropFirst(), for: authority, removed, fault, completion)
            }
            switch result {
            case .success(nil): next(.success(nil))
            case .success(let opened?): self.remove(ticket.key, opened.session, next)
            case .failure(let fault) where fault.isUnreadableSession: self.remove(ticket.key, nil, next)
            case .failure(let fault): next(.failure(fault))
            }
        }
    }

    private func remove(_ key: SessionKey, _ session: Session?, _ completion: @escaping Completion<RemovedSession?>) {
        self.cache.forget(key)
        self.store.remove(key) { result in
            if case .failure(let fault) = result { return completion(.failure(.store(fault))) }
            self.onEnd(key)
            // What is left in the indexes leads nowhere and goes with time; nobody waits for it.
            if let session { self.store.leave(key, SessionIndex.all(of: session, under: key)) { _ in } }
            completion(.success(RemovedSession(key: key, session: session)))
        }
    }
}
