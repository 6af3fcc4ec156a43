import Access

extension Sessions {
    /// What a session that has been opened is by now: itself, unless its record has changed; `nil` when it has ended.
    /// Asking keeps nothing alive: an open tab is no activity.
    func look(at session: OpenedSession, _ completion: @escaping Completion<OpenedSession?>) {
        self.store.load(session.ticket.key) { result in
            completion(result.map { record in record.map { self.changed(session, $0.box) } }.mapError { .store($0) })
        }
    }

    /// A record that cannot be opened ends nothing here: whoever uses the session next is told.
    private func changed(_ session: OpenedSession, _ box: [UInt8]) -> OpenedSession {
        guard session.box != box,
            let current = try? Session.open(
                box,
                ticket: session.ticket,
                authority: session.session.authority,
                with: self.settings.keys
            ), current.bytes != session.session.bytes
        else { return session }
        return self.opened(current, under: session.ticket, box: box)
    }
}
