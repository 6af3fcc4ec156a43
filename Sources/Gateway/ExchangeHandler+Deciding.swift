import Access
import NIOHTTP1
import OpenIDConnect

/// From a request to a decision: whose request is it, where does it go, may it?
extension ExchangeHandler {
    func decide() {
        self.current.begin()
        do throws(Fault) {
            try self.understand()
            if !self.head.keepAlive { self.exchange.lastExchange() }
            self.current.method = self.head.method
            self.current.requestID = self.requestID()
            let log = self.worker.settings.configuration.log
            if log.trace { self.current.trace = TraceContext(continuing: self.head.joined(.traceParent)) }
            if log.accessFormat == .combined { self.current.userAgent = self.head.values(named: "user-agent").first }
            let client = self.client()
            self.current.client = client
            // A stream that is to become a tunnel asks nothing of us, and has no business where only checks are answered.
            if self.asksForTunnel {
                guard self.door != .checks else { throw Fault.noRoute }
            } else if try self.check(client) {
                return
            }
            var access = try StandaloneProxy.request(
                from: self.head,
                memory: self.memory,
                client: client,
                scheme: self.worker.settings.scheme
            )
            access.clientCertificateSubject = self.arrival.clientCertificateSubject
            self.current.access = access
            if self.arrival.speech == .redirect { return self.redirectToTLS(access) }
            // Tunnels are not ours to open unasked, and what follows such a request may be another protocol.
            if self.head.hasUpgrade { self.exchange.lastExchange() }
            guard self.memory.routes(of: access.authority, in: self.worker.settings) != nil else {
                throw Fault.unknownHost
            }
            try self.dispatch(access)
        } catch {
            if self.current.requestID.isEmpty { self.current.requestID = self.worker.makeRequestID() }
            // Where one reading of a request is in doubt, so is where it ends and the next one begins.
            self.exchange.lastExchange()
            self.fail(error)
        }
    }

    private func understand() throws(Fault) {
        do throws(Fault) {
            try self.checkArrival()
            try self.head.understand()
        } catch {
            // Nobody knows where the body of such a head would end.
            self.body = BodyReader(.untilClose)
            throw error
        }
        self.body = BodyReader(self.head.framing)
    }

    /// Most peers speak for nobody but themselves.
    private func client() -> ClientAddress {
        guard self.peerIsTrusted, self.head.has(.forwardedFor) else { return self.peerAddress }
        return ClientAddress(
            peer: self.peer,
            isTrusted: true,
            fields: self.head.forwardedFor,
            trusted: self.worker.settings.configuration.server.trustedProxies
        )
    }

    private func dispatch(_ access: AccessRequest) throws(Fault) {
        self.memory.readCookies(of: self.head, on: self.worker)
        if let endpoint = self.worker.settings.endpoints.endpoint(for: access.target) {
            guard !self.asksForTunnel else { throw .tunnelRefused }
            return self.callEndpoint(endpoint, access)
        }
        // A route without an upstream is there for checks alone.
        guard let route = try self.route(for: access), route.hasUpstream else { throw .noRoute }
        self.current.route = route
        let number = self.current.number
        if let session = self.bearerSessionAtHand(for: route) { return self.carryOut(number, session: session) }
        if let token = try self.bearerToken(for: route, access.target) {
            return self.judge(token, for: route) { self.carryOut(number, session: $0) }
        }
        let tickets = self.tickets(for: route)
        guard route.policy.access(to: access.target) != .anyone, !tickets.isEmpty else {
            return self.carryOut(number, session: nil)
        }
        if route.provider == 0, let session = self.sessionAtHand(for: access.authority) {
            return self.carryOut(number, session: session)
        }
        self.worker.sessions.load(tickets, for: route.sessionAuthority) { result in
            switch result {
            case .success(let session): self.renew(session) { self.carryOut(number, session: $0) }
            // A page that greets whoever is signed in is still a page when nobody can be looked up.
            case .failure(let fault): if self.isStill(number) { self.fail(fault) }
            }
        }
    }

    /// The worker for the provider with whom people sign in for a route.
    var party: Worker { self.worker.party(self.current.route?.provider ?? 0) }

    /// Those of a request that are the route's provider's.
    func tickets(for route: Route) -> [Ticket] {
        guard route.provider > 0 else { return self.memory.tickets }
        return self.worker.party(route.provider).tickets(in: self.head.cookies)
    }

    /// The route of a request, which a front may have forwarded as the browser has spelt it.
    func route(for access: AccessRequest, spelt spelling: String? = nil) throws(Fault) -> Route? {
        guard let routes = self.memory.routes(of: access.authority, in: self.worker.settings) else {
            throw .unknownHost
        }
        do {
            guard let spelling else { return try routes.route(for: access.method, access.target) }
            return try routes.route(for: access.method, access.target, spelt: spelling)
        } catch .methodNotRouted {
            throw Fault(.downstream, .methodNotAllowed, "the routes for this path are for other methods")
        } catch {
            throw .refused(error)
        }
    }

    /// The decision, and what follows from it.
    private func carryOut(_ number: Int, session: OpenedSession?) {
        guard self.isStill(number), let route = self.current.route, let access = self.current.access else { return }
        self.current.session = session
        if let api = self.unknownPermissions(of: session, for: route) {
            return self.learn(api, of: session) { self.carryOut(number, session: session) }
        }
        switch route.decide(access, session?.grants, now: self.worker.wallClock) {
        case .permit(let permit):
            self.note(.permit)
            if let fault = self.faultOfIdentity(permit, session) { return self.fail(fault) }
            self.current.permit = permit
            self.noteOverlooked(permit)
            let plan = self.worker.upstreams.plan(for: permit.route)
            if self.head.hasUpgrade {
                do throws(Fault) { try self.allowUpgrade(access, permit) } catch { return self.fail(error) }
            }
            if let answers = plan.upstream.answers {
                let path = permit.route.rest(of: permit.target)
                guard let answer = answers.answer(method: access.method, path: path) else { return self.fail(.noRoute) }
                return self.answer(answer)
            }
            guard self.checkBodyLimit(plan) else { return }
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
        if case .failure(let error) = session.fields(permit.route.headers, maximumSize: limit) {
            return .identity(error)
        }
        guard let audience = permit.route.assertionAudience else { return nil }
        let now = self.worker.wallClock
        let assertion = session.assertions.field(for: audience, session, self.worker.settings, now: now)
        return assertion == nil ? .unsigned : nil
    }

    func note(_ decision: Metrics.Decision) {
        self.current.decision = decision
        self.worker.metrics.count(decision)
    }

    /// "Sign in first": a redirect for a navigation; for everything else a 401, and no cookie.
    private func challenge(_ access: AccessRequest) {
        guard access.isNavigation else {
            let signInURL = self.party.settings.signInURL(for: access.authority)
            var answer = Answer.challenge(
                signInURL: signInURL,
                realm: access.authority.text,
                requestID: self.current.requestID.description
            )
            self.offerBearer(in: &answer)
            return self.answer(answer)
        }
        let request = self.endpointRequest(access, of: self.party)
        let number = self.current.number
        SignInEndpoint.begin(
            returningTo: ReturnURL(access.target) ?? .root,
            parameters: .init(),
            attempt: 0,
            for: request,
            on: self.party
        ) { if self.isStill(number) { self.answer($0) } }
    }

    func callEndpoint(_ endpoint: Endpoint, _ access: AccessRequest) {
        if self.mustCollectBody(for: endpoint) { return }
        let number = self.current.number
        let respond: (Answer) -> Void = { if self.isStill(number) { self.answer($0) } }
        guard let party = self.party(for: endpoint, access) else {
            return self.fail(.malformed("no provider has the name that is given"))
        }
        let request = self.endpointRequest(access, of: party)
        switch endpoint {
        case .signIn: SignInEndpoint.answer(request, on: party, respond)
        case .register: SignInEndpoint.answer(request, isRegistration: true, on: party, respond)
        case .callback: CallbackEndpoint.answer(request, on: party, respond)
        case .signOut: SignOutEndpoint.answer(request, on: self.worker, respond)
        case .session: SessionEndpoint.answer(request, on: party, respond)
        case .token: TokenEndpoint.answer(request, on: party, respond)
        case .signedOut: respond(SignOutEndpoint.signedOutPage(request))
        case .keys: respond(AssertionKeysEndpoint.answer(request, on: self.worker))
        case .backChannelLogout: BackChannelLogoutEndpoint.answer(request, on: self.worker, respond)
        case .frontChannelLogout: FrontChannelLogoutEndpoint.answer(request, on: self.worker, respond)
        case .webhook:
            let signature = self.head.values(named: WebhookEndpoint.signatureField.lowercased()).first
            WebhookEndpoint.answer(request, signature: signature, on: self.worker, respond)
        case .unknown: self.fail(.noRoute)
        }
    }

    /// The worker for the provider that a request to an endpoint is about: the one whose sign-in comes back, the one that
    /// the link names, or that of the page it leads to. `nil` for a name that no provider has.
    private func party(for endpoint: Endpoint, _ access: AccessRequest) -> Worker? {
        guard !self.worker.settings.configuration.moreProviders.isEmpty else { return self.worker }
        let request = self.endpointRequest(access, of: self.worker)
        switch endpoint {
        case .callback:
            return self.worker.parties.first { CallbackEndpoint.belongs(request, to: $0) } ?? self.worker
        case .signIn, .register, .session, .token:
            if let name = request.parameter("provider") { return self.worker.party(named: name) }
            let target = request.parameter("rd").flatMap { _ in
                SignInEndpoint.returnTarget(request.parameter("rd"), for: request, on: self.worker)
            }
            let route = target.flatMap { SignInEndpoint.route(of: $0, for: request, on: self.worker) }
            return self.worker.party(route?.provider ?? self.worker.settings.defaultParty(for: access.authority))
        case .signOut, .signedOut, .keys, .backChannelLogout, .frontChannelLogout, .webhook, .unknown:
            return self.worker
        }
    }

    private func endpointRequest(_ access: AccessRequest, of party: Worker) -> EndpointRequest {
        EndpointRequest(
            access: access,
            requestID: self.current.requestID.description,
            cookies: self.head.cookies,
            tickets: party === self.worker ? self.memory.tickets : party.tickets(in: self.head.cookies),
            acceptLanguage: self.head.values(named: "accept-language").first,
            body: self.current.body,
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
