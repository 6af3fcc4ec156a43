import Access
import NIOHTTP1

/// A front proxy asks whether a request may pass: the same decision as for a request that comes to us, said in the
/// proxy's own language.
extension ExchangeHandler {
    /// Answers a check. `false`: the request is none.
    func check(_ client: ClientAddress) throws(Fault) -> Bool {
        guard let mode = self.head.checkMode(self.worker.settings.checks) else {
            guard self.door != .checks else { throw .noRoute }
            return false
        }
        if self.head.hasUpgrade { self.exchange.lastExchange() }
        do throws(Failure) {
            let (access, spelling) = try self.access(mode, client)
            try self.answerCheck(mode, access, spelt: spelling)
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

    /// The question, from what the proxy says, and its target as the browser has spelt it.
    private func access(
        _ mode: CheckMode,
        _ client: ClientAddress
    ) throws(Failure) -> (AccessRequest, spelling: String) {
        do throws(CheckRefusal) {
            guard self.door != .browsers else { throw CheckRefusal.otherListener }
            guard self.peerIsTrusted else { throw CheckRefusal.untrustedPeer(self.peer) }
            let original = self.head.original(removed: self.worker.settings.namesRemovedByFronts)
            try original.check()
            let scheme = self.worker.settings.scheme
            let known = self.memory.asked
            let request =
                switch mode {
                case .authRequest: try AuthRequest.request(from: original, scheme: scheme, known: known)
                case .forwardAuth: try ForwardAuth.request(from: original, scheme: scheme, known: known)
                case .extAuthz(let target):
                    try ExtAuthz.request(
                        target,
                        method: self.head.method,
                        host: self.head.host ?? "",
                        from: original,
                        scheme: scheme,
                        known: known
                    )
                }
            self.memory.asked = request.host
            try request.confirm(original, scheme: scheme)
            guard self.worker.settings.endpoints.endpoint(for: request.target) == nil else {
                throw CheckRefusal.ownEndpoint
            }
            let access = AccessRequest(
                method: request.method,
                scheme: scheme,
                authority: request.authority,
                target: request.target,
                isNavigation: self.head.isNavigation(method: request.method),
                clientAddress: client.text
            )
            return (access, request.spelling)
        } catch {
            throw .refusal(error)
        }
    }

    private func answerCheck(
        _ mode: CheckMode,
        _ access: AccessRequest,
        spelt spelling: String
    ) throws(Failure) {
        self.current.access = access
        let found: Route?
        do {
            found = try self.route(for: access, spelt: spelling)
        } catch {
            throw .fault(error)
        }
        guard let route = found else { throw .fault(.noRoute) }
        self.current.route = route
        self.memory.readCookies(of: self.head, on: self.worker)
        let number = self.current.number
        do throws(Fault) {
            if let session = self.bearerSessionAtHand(for: route) {
                return self.conclude(number, mode, access, session: session)
            }
            if let token = try self.bearerToken(for: route, access.target) {
                return self.judge(token, for: route) { self.conclude(number, mode, access, session: $0) }
            }
        } catch {
            throw .fault(error)
        }
        let tickets = self.tickets(for: route)
        guard route.policy.access(to: access.target) != .anyone, !tickets.isEmpty else {
            return self.conclude(number, mode, access, session: nil)
        }
        if route.provider == 0, let session = self.sessionAtHand(for: access.authority) {
            return self.conclude(number, mode, access, session: session)
        }
        self.worker.sessions.load(tickets, for: route.sessionAuthority) { result in
            switch result {
            case .success(let session): self.renew(session) { self.conclude(number, mode, access, session: $0) }
            case .failure(let fault): if self.isStill(number) { self.failCheck(mode, fault) }
            }
        }
    }

    /// The decision, in the proxy's words.
    private func conclude(_ number: Int, _ mode: CheckMode, _ access: AccessRequest, session: OpenedSession?) {
        guard self.isStill(number), let route = self.current.route else { return }
        self.current.session = session
        if let api = self.unknownPermissions(of: session, for: route) {
            return self.learn(api, of: session) { self.conclude(number, mode, access, session: session) }
        }
        switch route.decide(access, session?.grants, now: self.worker.wallClock) {
        case .permit(let permit):
            if self.isForeignTunnel(access, on: permit.route) { return self.failCheck(mode, .foreignOrigin) }
            self.note(.permit)
            do throws(Fault) {
                let (identity, assertion) = try self.identity(permit, session)
                self.noteOverlooked(permit)
                self.pass(mode, identity, assertion)
            } catch {
                self.failCheck(mode, error)
            }
        case .challenge:
            self.note(.challenge)
            self.challenge(mode, access)
        case .stepUp(_, let stepUp):
            self.note(.challenge)
            if session?.isBearer ?? false { return self.refuseStepUp(stepUp) }
            self.challenge(mode, access)
        case .deny(let route, let denial):
            self.note(.deny)
            self.refuse(route, denial)
        }
    }

    /// "Sign in first", in the proxy's words.
    private func challenge(_ mode: CheckMode, _ access: AccessRequest) {
        let challenge = CheckChallenge(
            access,
            settings: self.worker.settings,
            requestID: self.current.requestID.description
        )
        var answer = mode == .authRequest ? AuthRequest.challenge(challenge) : ForwardAuth.challenge(challenge)
        if answer.status == .unauthorized { self.offerBearer(in: &answer) }
        self.answer(answer)
    }

    private func pass(_ mode: CheckMode, _ identity: [UInt8], _ assertion: [UInt8]) {
        guard self.beginAnswer(status: 200) else { return }
        let cookies = self.memory.singleCookieLine
        let hasOnlyOurs = cookies.isEmpty && self.head.has(.cookie)
        self.putTogether { wire in
            wire.appendPassed(
                identity: identity,
                assertion: assertion,
                cookies: hasOnlyOurs ? mode.cookiesWhenNoneAreLeft : cookies,
                keepAlive: self.exchange.keepAlive,
                toHTTP10: self.head.isHTTP10,
                requestID: self.current.requestID,
                head: self.worker.passHead
            )
        }
        self.endAnswer()
    }

    /// Who it is, as the route's application is told, and under the names other programs of this kind answer with; and
    /// the signed form of it.
    private func identity(
        _ permit: Permit,
        _ session: OpenedSession?
    ) throws(Fault) -> (fields: [UInt8], assertion: [UInt8]) {
        guard permit.session != nil, let session else { return ([], []) }
        let settings = self.worker.settings
        let limit = settings.configuration.limits.identityBytes
        let fields: [UInt8]
        do throws(IdentityFieldsError) {
            if let headers = permit.route.headers {
                fields = try session.fields(headers, maximumSize: limit).get()
            } else {
                fields = try session.checkFields(maximumSize: limit).get()
            }
        } catch {
            throw .identity(error)
        }
        guard let audience = permit.route.assertionAudience else { return (fields, []) }
        let now = self.worker.wallClock
        guard let assertion = session.assertions.field(for: audience, session, settings, now: now) else {
            throw .unsigned
        }
        return (fields, assertion)
    }

    private func failCheck(_ mode: CheckMode, _ fault: Fault) {
        self.fail(mode == .authRequest ? AuthRequest.understood(fault) : fault)
    }
}
