import Access

/// Between finding a session and deciding: is it still what the provider says?
extension ExchangeHandler {
    /// Goes on to the decision, at once or after what the session needs first.
    func renew(_ session: OpenedSession?, for route: Route, _ access: AccessRequest) {
        guard let session else { return self.carryOut(route, access, session: nil) }
        switch session.plan.need(now: self.worker.wallClock, isStale: session.isStale) {
        case .none:
            self.carryOut(route, access, session: session)
        case .refresh(isOverdue: false):
            self.worker.refresh.start(session)
            self.carryOut(route, access, session: session)
        case .refresh(isOverdue: true):
            self.worker.refresh.wait(for: session) { self.renewed($0, from: session, for: route, access) }
        case .revalidate(let isOverdue):
            self.revalidate(session, isOverdue: isOverdue, for: route, access)
        }
    }

    private func renewed(
        _ result: Result<OpenedSession?, Fault>,
        from session: OpenedSession,
        for route: Route,
        _ access: AccessRequest
    ) {
        let now = self.worker.wallClock
        switch result {
        case .failure where session.plan.mayGoOn(now: now): self.carryOut(route, access, session: session)
        case .failure(let fault): if self.current != nil, !self.exchange.isClosed { self.fail(fault) }
        case .success(nil): self.carryOut(route, access, session: nil)
        case .success(let next?):
            guard case .revalidate(let isOverdue) = next.plan.need(now: now, isStale: false) else {
                return self.carryOut(route, access, session: next)
            }
            self.revalidate(next, isOverdue: isOverdue, for: route, access)
        }
    }

    /// A browser on its way to a page makes the trip to the provider; nothing else can.
    private func revalidate(
        _ session: OpenedSession,
        isOverdue: Bool,
        for route: Route,
        _ access: AccessRequest
    ) {
        guard route.policy.access == .signedIn, access.isNavigation else {
            return self.carryOut(route, access, session: isOverdue ? nil : session)
        }
        self.carryOut(route, access, session: nil)
    }
}
