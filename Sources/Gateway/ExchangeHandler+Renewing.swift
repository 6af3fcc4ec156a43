import Access

/// Between finding a session and deciding: is it still what the provider says?
extension ExchangeHandler {
    /// The session of this request, if it is known at once and needs nothing.
    func sessionAtHand(for authority: Authority) -> OpenedSession? {
        guard let session = self.worker.sessions.known(self.memory.tickets, for: authority), let plan = session.plan,
            plan.need(now: self.worker.wallClock, isStale: session.isStale) == .none
        else { return nil }
        return session
    }

    /// Goes on to the decision, at once or after what the session needs first.
    func renew(_ session: OpenedSession?, then proceed: @escaping (OpenedSession?) -> Void) {
        guard let session, let plan = session.plan else { return proceed(session) }
        switch plan.need(now: self.worker.wallClock, isStale: session.isStale) {
        case .none:
            proceed(session)
        case .refresh(isOverdue: false):
            self.party.refresh.start(session)
            proceed(session)
        case .refresh(isOverdue: true):
            let number = self.current.number
            self.party.refresh.wait(for: session) { result in
                if self.isStill(number) { self.renewed(result, from: session, plan, proceed) }
            }
        case .revalidate(let isOverdue):
            proceed(self.revalidated(session, isOverdue: isOverdue))
        }
    }

    private func renewed(
        _ result: Result<OpenedSession?, Fault>,
        from session: OpenedSession,
        _ plan: RenewalPlan,
        _ proceed: (OpenedSession?) -> Void
    ) {
        let now = self.worker.wallClock
        switch result {
        case .failure where plan.mayGoOn(now: now): proceed(session)
        case .failure(let fault): self.fail(fault)
        case .success(nil): proceed(nil)
        case .success(let next?):
            guard case .revalidate(let isOverdue)? = next.plan?.need(now: now, isStale: false) else {
                return proceed(next)
            }
            proceed(self.revalidated(next, isOverdue: isOverdue))
        }
    }

    /// A browser on its way to a page makes the trip to the provider; nothing else can.
    private func revalidated(_ session: OpenedSession, isOverdue: Bool) -> OpenedSession? {
        let isOnItsWay = self.current.route?.policy.access == .signedIn && self.current.access?.isNavigation ?? false
        return isOnItsWay || isOverdue ? nil : session
    }
}
