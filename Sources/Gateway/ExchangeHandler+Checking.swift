import Access
import NIOHTTP1

/// A front proxy asks whether a request may pass: the same decision as for a request that comes to us, said in the
/// proxy's own language.
extension ExchangeHandler {
    /// Answers a check. `false`: the request is none.
    func check(_ head: HTTPRequestHead, _ client: ClientAddress) throws(Fault) -> Bool {
        guard let mode = self.worker.settings.checks.mode(of: head.uri) else {
            guard self.door != .checks else { throw .noRoute }
            return false
        }
        if self.fields.hasUpgrade { self.exchange.lastExchange() }
        do throws(Failure) {
            try self.answerCheck(mode, try self.access(mode, head, client))
        } catch {
            switch error {
            case .refusal(let refusal):
                self.worker.complaints.note(refusal, peer: self.peer, on: self.worker)
                self.failCheck(mode, refusal.fault)
            case .fault(let fault): self.failCheck(mode, fault)
            }
        }
        return true
    }

    private enum Failure: Error {
        case refusal(CheckRefusal)
        case fault(Fault)
    }

    /// The question, from what the proxy says.
    private func access(
        _ mode: CheckMode,
        _ head: HTTPRequestHead,
        _ client: ClientAddress
    ) throws(Failure) -> AccessRequest {
        do throws(CheckRefusal) {
            guard self.door != .browsers else { throw CheckRefusal.otherListener }
            guard self.peerIsTrusted else { throw CheckRefusal.untrustedPeer(self.peer) }
            var original = OriginalFields()
            for (name, value) in head.headers { original.note(name, value) }
            try original.check()
            let scheme = self.worker.settings.scheme
            let request =
                switch mode {
                case .authRequest: try AuthRequest.request(from: original, scheme: scheme)
                case .forwardAuth: try ForwardAuth.request(from: original, scheme: scheme)
                case .extAuthz(let target):
                    try ExtAuthz.request(
                        target,
                        method: head.method.rawValue,
                        host: self.fields.host ?? "",
                        from: original,
                        scheme: scheme
                    )
                }
            try request.confirm(original, scheme: scheme)
            guard self.worker.settings.endpoints.endpoint(for: request.target) == nil else {
                throw CheckRefusal.ownEndpoint
            }
            return AccessRequest(
                method: request.method,
                scheme: scheme,
                authority: request.authority,
                target: request.target,
                isNavigation: AccessRequest.isNavigation(
                    method: request.method,
                    secFetchMode: self.fields.secFetchMode,
                    secFetchDest: self.fields.secFetchDest,
                    accept: self.fields.accept,
                    hasUpgrade: self.fields.hasUpgrade,
                    xRequestedWith: self.fields.requestedWith,
                    purpose: self.fields.purpose
                ),
                clientAddress: client.text
            )
        } catch {
            throw .refusal(error)
        }
    }

    private func answerCheck(_ mode: CheckMode, _ access: AccessRequest) throws(Failure) {
        self.current?.access = access
        // Through the worker each time: a copy of the settings would cost more than all that is done with it here.
        guard self.worker.settings.serves(access.authority) else { throw .fault(.unknownHost) }
        let found: Route?
        do {
            found = try self.worker.settings.routes.route(for: access.authority, access.target)
        } catch {
            throw .fault(.refused(error))
        }
        guard let route = found else { throw .fault(.noRoute) }
        self.current?.route = route
        let tickets =
            route.policy.access == .anyone ? [] : self.tickets.tickets(in: self.fields.cookies, on: self.worker)
        guard !tickets.isEmpty else { return self.conclude(mode, route, access, session: nil) }
        self.worker.sessions.load(tickets, for: access.authority) { result in
            switch result {
            case .success(let session): self.conclude(mode, route, access, session: session)
            case .failure(let fault): self.failCheck(mode, fault)
            }
        }
    }

    /// The decision, in the proxy's words.
    private func conclude(_ mode: CheckMode, _ route: Route, _ access: AccessRequest, session: OpenedSession?) {
        guard self.current != nil, !self.exchange.isClosed else { return }
        self.current?.session = session
        switch route.decide(access, session?.session, now: self.worker.wallClock) {
        case .permit(let permit):
            self.note(.permit)
            var identity: [UInt8] = []
            if permit.session != nil {
                guard let fields = session?.checkFields else { return self.failCheck(mode, .identityTooLarge) }
                identity = fields
            }
            let cookies = self.worker.settings.cookieNames.others(in: self.fields.cookies)
            self.answer(
                .passed(identity: identity, cookies: cookies ?? mode.cookiesWhenNoneAreLeft(self.fields.cookies))
            )
        case .challenge:
            self.note(.challenge)
            let challenge = CheckChallenge(
                access,
                settings: self.worker.settings,
                requestID: self.current?.requestID ?? ""
            )
            self.answer(mode == .authRequest ? AuthRequest.challenge(challenge) : ForwardAuth.challenge(challenge))
        case .deny(_, let denial):
            self.note(.deny)
            self.failCheck(mode, Fault(.downstream, .forbidden, "denied", detail: "\(denial)"))
        }
    }

    private func failCheck(_ mode: CheckMode, _ fault: Fault) {
        self.fail(mode == .authRequest ? AuthRequest.understood(fault) : fault)
    }
}
