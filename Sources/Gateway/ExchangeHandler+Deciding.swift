import Access
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// From a request to a decision: whose request is it, where does it go, may it?
extension ExchangeHandler {
    func decide(_ head: HTTPRequestHead) {
        self.current = CurrentExchange(head: head, requestID: "")
        do throws(Fault) {
            try self.fields.read(head)
            self.current?.requestID = self.requestID()
            let client = ClientAddress(
                peer: self.peer,
                isTrusted: self.peerIsTrusted,
                fields: self.fields.forwardedFor,
                trusted: self.worker.settings.configuration.server.trustedProxies
            )
            self.current?.client = client
            let access = try StandaloneProxy.request(
                from: head, fields: self.fields, client: client, scheme: self.worker.settings.scheme)
            self.current?.access = access
            // The decoder goes deaf after an upgrade that nobody takes, and tunnels are not ours to open unasked.
            if self.fields.hasUpgrade || head.method == .CONNECT { self.exchange.lastExchange() }
            guard self.worker.settings.serves(access.authority) else { throw Fault.unknownHost }
            try self.dispatch(access)
        } catch {
            if self.current?.requestID.isEmpty ?? false { self.current?.requestID = self.worker.makeRequestID() }
            // Where one reading of a request is in doubt, so is where it ends and the next one begins.
            self.exchange.lastExchange()
            self.fail(error)
        }
    }

    private func dispatch(_ access: AccessRequest) throws(Fault) {
        if let endpoint = self.worker.settings.endpoints.endpoint(for: access.target) {
            return self.callEndpoint(endpoint, access)
        }
        guard let route = try self.route(for: access) else { throw .noRoute }
        self.current?.route = route
        if let token = try self.bearerToken(for: route) {
            return self.judge(token, for: route) { self.carryOut(route, access, session: $0) }
        }
        let tickets = route.policy.access == .anyone ? [] : self.tickets.tickets(in: self.fields.cookies, on: self.worker)
        guard !tickets.isEmpty else { return self.carryOut(route, access, session: nil) }
        self.worker.sessions.load(tickets, for: access.authority) { result in
            switch result {
            case .success(let session): self.carryOut(route, access, session: session)
            // A page that greets whoever is signed in is still a page when nobody can be looked up.
            case .failure(let fault): self.fail(fault)
            }
        }
    }

    private func route(for access: AccessRequest) throws(Fault) -> Route? {
        do {
            return try self.worker.settings.routes.route(for: access.authority, access.method, access.target)
        } catch .methodNotRouted {
            throw Fault(.downstream, .methodNotAllowed, "the routes for this path are for other methods")
        } catch {
            throw .refused(error)
        }
    }

    /// The decision, and what follows from it.
    private func carryOut(_ route: Route, _ access: AccessRequest, session: OpenedSession?) {
        guard self.current != nil, !self.exchange.isClosed else { return }
        self.current?.session = session
        switch route.decide(access, session?.grants, now: self.worker.wallClock) {
        case .permit(let permit):
            self.note(.permit)
            if let fault = self.faultOfIdentity(permit, session) { return self.fail(fault) }
            self.current?.permit = permit
            self.noteOverlooked(permit)
            guard self.exchange.permitted() else { return }
            if permit.route.token == nil { return self.lease(permit, fresh: false) }
            self.obtainToken(for: permit) { self.lease(permit, fresh: false) }
        case .challenge:
            self.note(.challenge)
            self.challenge(access)
        case .stepUp(_, let stepUp):
            self.note(.challenge)
            if session?.isBearer ?? false { return self.refuseStepUp(stepUp) }
            self.challenge(access)
        case .deny(let route, let denial):
            self.note(.deny)
            self.refuse(route, denial)
        }
    }

    /// What keeps an identity from being told to the upstream; it is not told in part.
    private func faultOfIdentity(_ permit: Permit, _ session: OpenedSession?) -> Fault? {
        guard permit.session != nil, let session else { return nil }
        let limit = self.worker.settings.configuration.limits.identityBytes
        if case .failure(let error) = session.fields(permit.route.headers, maximumSize: limit) { return .identity(error) }
        guard let audience = permit.route.assertionAudience else { return nil }
        let now = self.worker.wallClock
        let assertion = session.assertions.field(for: audience, session, self.worker.settings, now: now)
        return assertion == nil ? Fault(.gateway, .internalServerError, "an assertion could not be signed") : nil
    }

    private func note(_ decision: Metrics.Decision) {
        self.current?.decision = decision
        self.worker.metrics.count(decision)
    }

    /// "Sign in first": a redirect for a navigation; for everything else a 401, and no cookie.
    private func challenge(_ access: AccessRequest) {
        guard access.isNavigation else {
            let origin = self.worker.settings.origin(of: access.authority)
            let signInURL = origin + self.worker.settings.configuration.paths.signIn
            var answer = Answer.challenge(
                signInURL: signInURL, realm: access.authority.text, requestID: self.current?.requestID ?? "")
            if self.current?.route?.bearer != nil {
                answer.fields.append(("WWW-Authenticate", "Bearer realm=\"\(access.authority.text)\""))
            }
            return self.answer(answer)
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
        case .register: SignInEndpoint.answer(request, isRegistration: true, on: self.worker, respond)
        case .callback: CallbackEndpoint.answer(request, on: self.worker, respond)
        case .signOut: SignOutEndpoint.answer(request, on: self.worker, respond)
        case .session: SessionEndpoint.answer(request, on: self.worker, respond)
        case .signedOut: respond(SignOutEndpoint.signedOutPage(request))
        case .keys: respond(AssertionKeysEndpoint.answer(request, on: self.worker))
        case .unknown: self.fail(.noRoute)
        }
    }

    private func endpointRequest(_ access: AccessRequest) -> EndpointRequest {
        EndpointRequest(
            access: access,
            requestID: self.current?.requestID ?? "",
            cookies: self.fields.cookies,
            tickets: self.tickets.tickets(in: self.fields.cookies, on: self.worker),
            acceptLanguage: self.current?.head.headers.first(name: "Accept-Language"),
            origin: self.fields.origin,
            secFetchSite: self.fields.secFetchSite
        )
    }

    /// The browser's or the front proxy's, if it is a plain one; ours otherwise. It goes into logs and a header field.
    private func requestID() -> String {
        guard let given = self.fields.requestID, (1...128).contains(given.utf8.count),
            given.utf8.allSatisfy(Self.isPlain)
        else { return self.worker.makeRequestID() }
        return given
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
