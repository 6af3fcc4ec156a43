import Access
import OpenIDConnect

extension EndpointRequest {
    /// The session of who asks, as good as before a request of any route: one that has ended at the provider says nothing
    /// and gives nothing out. `nil`: sign in first.
    func session(on worker: Worker, _ completion: @escaping (Result<OpenedSession?, Fault>) -> Void) {
        let authority = worker.settings.sessions(of: self.access.authority)
        worker.sessions.load(self.tickets, for: authority) { result in
            guard case .success(let opened?) = result, let plan = opened.plan else { return completion(result) }
            switch plan.need(now: worker.wallClock, isStale: opened.isStale) {
            case .none, .revalidate(isOverdue: false): completion(result)
            case .revalidate(isOverdue: true): completion(.success(nil))
            case .refresh(isOverdue: false):
                worker.refresh.start(opened)
                completion(result)
            case .refresh(isOverdue: true):
                worker.refresh.wait(for: opened) { renewed in
                    switch renewed {
                    case .failure where plan.mayGoOn(now: worker.wallClock): completion(result)
                    case .success(let next?) where next.isOverdue(now: worker.wallClock): completion(.success(nil))
                    case .success, .failure: completion(renewed)
                    }
                }
            }
        }
    }
}

extension OpenedSession {
    /// Whether only a trip of the browser to the provider makes it good again.
    fileprivate func isOverdue(now: Instant) -> Bool {
        self.plan?.need(now: now, isStale: false) == .revalidate(isOverdue: true)
    }
}
