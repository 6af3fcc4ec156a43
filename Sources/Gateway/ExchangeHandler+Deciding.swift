import Access
import OpenIDConnect
import NIOHTTP1

/// From a request to a decision: whose request is it, where does it go, may it?
extension ExchangeHandler {
    func decide() {
        self.current.begin()
        do throws(Fault) {
            // Should the head be refused, nobody knows where its body would end.
            self.body = BodyReader(.untilClose)
            try self.head.understand()
            self.body = BodyReader(self.head.framing)
            if !self.head.keepAlive { self.exchange.lastExchange() }
            self.current.method = self.head.method
            self.current.requestID = self.requestID()
            let client = ClientAddress(
                peer: self.peer,
                isTrusted: self.peerIsTrusted,
                fields: self.peerIsTrusted ? self.head.forwardedFor : [],
                trusted: self.worker.settings.configuration.server.trustedProxies
            )
            self.current.client = client
            var access = try StandaloneProxy.request(
                from: self.head, memory: &self.memory, client: client, scheme: self.worker.settings.scheme)
            access.clientCertificateSubject = self.arrival?.clientCertificateSubject
            self.current.access = access
            if self.arrival?.speech == .redirect { return self.redirectToTLS(access) }
            // Tunnels are not ours to open unasked, and what follows such a request may be another protocol.
            if self.head.hasUpgrade { self.exchange.lastExchange() }
            guard self.worker.settings.serves(access.authority) else { throw Fault.unknownHost }
            try self.dispatch(access)
        } catch {
            if self.current.requestID.isEmpty { self.current.requestID = self.worker.makeRequestID() }
            // Where one reading of a request is in doubt, so is where it ends and the next one begins.
            self.exchange.lastExchange()
            self.fail(error)
        }
    }

    private func dispatch(_ access: AccessRequest) throws(Fault) {
        self.memory.readCookies(of: self.head, on: self.worker)
        if let endpoint = self.worker.settings.endpoints.endpoint(for: access.target) {
            return self.callEndpoint(endpoint, access)
        }
        guard let route = try self.route(for: access) else { throw .noRoute }
        self.current.route = route
        guard route.policy.access != .anyone, !self.memory.tickets.isEmpty else { return self.carryOut(session: nil) }
        self.worker.sessions.load(self.memory.tickets, for: access.authority) { result in
            switch result {
            case .success(let session): self.carryOut(session: session)
            // A page that greets whoever is signed in is still a page when nobody can be looked up.
            case .failure(let fault): self.fail(fault)
            }
        }
    }

    private func route(for access: AccessRequest) throws(Fault) -> Route? {
        do {
            return try self.worker.settings.routes.route(for: access.authority, access.target)
        } catch {
            throw .refused(error)
        }
    }

    /// The decision, and what follows from it.
    private func carryOut(session: OpenedSession?) {
        guard !self.exchange.isClosed, let route = self.current.route, let access = self.current.access else { return }
        self.current.session = session
        switch route.decide(access, session?.session, now: self.worker.wallClock) {
        case .permit(let permit):
            self.note(.permit)
            if permit.session != nil, session?.identityFields == nil { return self.fail(.identityTooLarge) }
            self.current.permit = permit
            guard self.exchange.permitted() else { return }
            self.lease(permit, fresh: false)
        case .challenge:
            self.note(.challenge)
            self.challenge(access)
        case .deny(_, let denial):
            self.note(.deny)
            self.fail(Fault(.downstream, .forbidden, "denied", detail: "\(denial)"))
        }
    }

    private func note(_ decision: Metrics.Decision) {
        self.current.decision = decision
        self.worker.metrics.count(decision)
    }

    /// "Sign in first": a redirect for a navigation; for everything else a 401, and no cookie.
    private func challenge(_ access: AccessRequest) {
        guard access.isNavigation else {
            let origin = self.worker.settings.origin(of: access.authority)
            let signInURL = origin + self.worker.settings.configuration.paths.signIn
            return self.answer(
                .challenge(
                    signInURL: signInURL, realm: access.authority.text, requestID: self.current.requestID.description))
        }
        let request = self.endpointRequest(access)
        SignInEndpoint.begin(
            returningTo: ReturnURL(access.target) ?? .root, parameters: .init(), attempt: 0, for: request, on: self.worker
        ) { self.answer($0) }
    }

    private func callEndpoint(_ endpoint: Endpoint, _ access: AccessRequest) {
        let request = self.endpointRequest(access)
        let respond: (Answer) -> Void = { self.answer($0) }
        switch endpoint {
        case .signIn: SignInEndpoint.answer(request, on: self.worker, respond)
        case .callback: CallbackEndpoint.answer(request, on: self.worker, respond)
        case .signOut: SignOutEndpoint.answer(request, on: self.worker, respond)
        case .session: SessionEndpoint.answer(request, on: self.worker, respond)
        case .signedOut: respond(SignOutEndpoint.signedOutPage(request))
        case .unknown: self.fail(.noRoute)
        }
    }

    private func endpointRequest(_ access: AccessRequest) -> EndpointRequest {
        EndpointRequest(
            access: access,
            requestID: self.current.requestID.description,
            cookies: self.head.cookies,
            tickets: self.memory.tickets,
            origin: self.head.origin,
            secFetchSite: self.head.secFetchSite
        )
    }

    /// The browser's or the front proxy's, if it is a plain one; ours otherwise. It goes into logs and a header field.
    private func requestID() -> RequestID {
        guard self.head.has(.requestID), let given = self.head.requestID, (1...128).contains(given.utf8.count),
            given.utf8.allSatisfy(Self.isPlain)
        else { return self.worker.makeRequestID() }
        return RequestID(given)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
