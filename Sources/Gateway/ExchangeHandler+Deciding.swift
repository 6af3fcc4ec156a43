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
        let tickets = route.policy.access == .anyone ? [] : self.tickets.tickets(in: self.fields.cookies, on: self.worker)
        guard !tickets.isEmpty else { return self.carryOut(route, access, session: nil) }
        self.worker.sessions.load(tickets, for: access.authority) { result in
            switch result {
            case .success(let session): self.renew(session, for: route, access)
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
    func carryOut(_ route: Route, _ access: AccessRequest, session: OpenedSession?) {
        guard self.current != nil, !self.exchange.isClosed else { return }
        self.current?.session = session
        switch route.decide(access, session?.session, now: self.worker.wallClock) {
        case .permit(let permit):
            self.note(.permit)
            if permit.session != nil, session?.identityFields == nil { return self.fail(.identityTooLarge) }
            self.current?.permit = permit
            guard self.exchange.permitted() else { return }
            self.lease(permit, fresh: false)
        case .challenge:
            self.note(.challenge)
            self.challenge(access)
        case .deny(_, let denial):
            self.note(.deny)
            self.worker.audit?.write(
                .denied,
                subject: session?.session.identity.subject,
                session: session?.ticket.key,
                client: access.clientAddress,
                requestID: self.current?.requestID,
                reason: denial.rawValue
            )
            self.fail(Fault(.downstream, .forbidden, "denied", detail: "\(denial)"))
        }
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
            return self.answer(
                .challenge(
                    signInURL: signInURL, realm: access.authority.text, requestID: self.current?.requestID ?? ""))
        }
        let request = self.endpointRequest(access)
        SignInEndpoint.begin(
            returningTo: ReturnURL(access.target) ?? .root, parameters: .init(), attempt: 0, for: request, on: self.worker
        ) { self.answer($0) }
    }

    func callEndpoint(_ endpoint: Endpoint, _ access: AccessRequest) {
        if self.mustCollectBody(for: endpoint) { return }
        let request = self.endpointRequest(access)
        let respond: (Answer) -> Void = { self.answer($0) }
        switch endpoint {
        case .signIn: SignInEndpoint.answer(request, on: self.worker, respond)
        case .callback: CallbackEndpoint.answer(request, on: self.worker, respond)
        case .signOut: SignOutEndpoint.answer(request, on: self.worker, respond)
        case .session: SessionEndpoint.answer(request, on: self.worker, respond)
        case .signedOut: respond(SignOutEndpoint.signedOutPage(request))
        case .backChannelLogout: BackChannelLogoutEndpoint.answer(request, on: self.worker, respond)
        case .frontChannelLogout: FrontChannelLogoutEndpoint.answer(request, on: self.worker, respond)
        case .webhook:
            let signature = self.current?.head.headers.first(name: WebhookEndpoint.signatureField)
            WebhookEndpoint.answer(request, signature: signature, on: self.worker, respond)
        case .unknown: self.fail(.noRoute)
        }
    }

    private func endpointRequest(_ access: AccessRequest) -> EndpointRequest {
        EndpointRequest(
            access: access,
            requestID: self.current?.requestID ?? "",
            cookies: self.fields.cookies,
            tickets: self.tickets.tickets(in: self.fields.cookies, on: self.worker),
            body: self.current?.body ?? [],
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
