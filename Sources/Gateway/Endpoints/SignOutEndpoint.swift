import Access
import Cryptography
import Logging
import NIOHTTP1
import OpenIDConnect

/// Ends the session here, the refresh token at the provider, and then the provider's own session.
enum SignOutEndpoint {
    static func answer(_ request: EndpointRequest, on worker: Worker, _ respond: @escaping (Answer) -> Void) {
        if request.isMethod("GET") || request.isMethod("HEAD") { return Self.confirm(request, on: worker, respond) }
        guard request.isMethod("POST") else { return respond(.methodNotAllowed("GET, HEAD, POST")) }
        guard request.isSameOrigin(as: worker.settings.origin(of: request.access.authority)) else {
            let fault = Fault(.downstream, .forbidden, "a sign-out without same-origin evidence")
            return respond(.fault(fault, asPage: false, requestID: request.requestID))
        }
        Self.remove(worker.parties[...], [], request) { result in
            switch result {
            // Whoever is told "signed out" must be: as long as the record may live on, the cookie stays.
            case .failure(let fault): respond(.fault(fault, asPage: true, requestID: request.requestID))
            case .success(let ended): Self.finish(ended, request, on: worker, respond)
            }
        }
    }

    /// The sessions that a browser has here, each with the worker for its provider.
    private typealias Ended = [(party: Worker, session: Session)]

    /// Ends those with all of these providers.
    private static func remove(
        _ parties: ArraySlice<Worker>,
        _ ended: Ended,
        _ request: EndpointRequest,
        _ completion: @escaping (Result<Ended, Fault>) -> Void
    ) {
        guard let party = parties.first else { return completion(.success(ended)) }
        let authority = party.settings.sessions(of: request.access.authority)
        party.sessions.remove(party.tickets(in: request.cookies), for: authority) { result in
            switch result {
            case .failure(let fault): completion(.failure(fault))
            case .success(let sessions):
                let ended = ended + sessions.map { (party, $0) }
                Self.remove(parties.dropFirst(), ended, request, completion)
            }
        }
    }

    /// Whether there is a session with any of these providers.
    private static func isSignedIn(
        _ parties: ArraySlice<Worker>,
        _ request: EndpointRequest,
        _ completion: @escaping (Result<Bool, Fault>) -> Void
    ) {
        guard let party = parties.first else { return completion(.success(false)) }
        let authority = party.settings.sessions(of: request.access.authority)
        party.sessions.load(party.tickets(in: request.cookies), for: authority) { result in
            switch result {
            case .failure(let fault): completion(.failure(fault))
            case .success(.some): completion(.success(true))
            case .success(nil): Self.isSignedIn(parties.dropFirst(), request, completion)
            }
        }
    }

    static func signedOutPage(_ request: EndpointRequest) -> Answer {
        .page(
            Page(.signedOut, actions: [.link(label: "Sign in again", href: "/")], requestID: nil),
            status: .ok
        )
    }

    /// A link can bring anybody here, also one on a hostile page, so a GET only asks.
    private static func confirm(
        _ request: EndpointRequest,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        Self.isSignedIn(worker.parties[...], request) { result in
            switch result {
            case .failure(let fault): respond(.fault(fault, asPage: true, requestID: request.requestID))
            case .success(let isSignedIn):
                let target = Self.target(of: request, on: worker).map { "?" + FormEncoding.encode([("rd", $0)]) }
                let action = worker.settings.configuration.paths.signOut + (target ?? "")
                let button = Page.Action.button(label: "Sign out", action: action)
                let text = isSignedIn ? Page.Text.confirmSignOut : .nobodySignedIn
                respond(.page(Page(text, actions: isSignedIn ? [button] : [], requestID: nil), status: .ok))
            }
        }
    }

    /// Where the application wants the browser to land, if the operator allows it; otherwise it lands where all do.
    private static func target(of request: EndpointRequest, on worker: Worker) -> String? {
        guard let wanted = request.parameter("rd") else { return nil }
        return worker.settings.configuration.paths.signedOutTargets.first { $0.utf8.elementsEqual(wanted) }
    }

    /// Servers refuse addresses that are much longer, and the client's id says enough for where to land.
    private static let longestHint = 4 << 10

    /// A hint whose key the provider no longer publishes would strand the user on an error page of its.
    private static func hint(_ idToken: String, at snapshot: ProviderSnapshot) -> String? {
        guard idToken.utf8.count <= Self.longestHint else { return nil }
        guard let kid = (try? UnverifiedToken(idToken))?.keyID else { return idToken }
        return snapshot.keys.contains(kid: kid) ? idToken : nil
    }

    private static func finish(
        _ ended: Ended,
        _ request: EndpointRequest,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        // A browser can be sent to one of them; the others' own sessions end when they do.
        let party = ended.first?.party ?? worker.party(worker.settings.defaultParty(for: request.access.authority))
        let sessions = ended.filter { $0.party === party }.map(\.session)
        let directory = party.provider
        for party in worker.parties {
            Self.revokeTokens(of: ended.filter { $0.party === party }.map(\.session), on: party)
        }
        for (_, session) in ended {
            worker.audit?.write(
                .signedOut,
                subject: session.identity.subject,
                client: request.access.clientAddress,
                requestID: request.requestID
            )
        }
        // The session here is over, whatever comes of the provider: without it there is only the other half to skip.
        worker.run {
            try await directory.snapshot()
        } then: { result in
            let settings = party.settings
            let landing =
                Self.target(of: request, on: worker)
                ?? settings.origin(of: request.access.authority) + settings.configuration.paths.signedOut
            let url = (try? result.get()).flatMap { snapshot in
                EndSessionRequest(
                    provider: snapshot.provider,
                    clientID: settings.configuration.provider.client.id,
                    idTokenHint: sessions.first.flatMap { Self.hint($0.idToken, at: snapshot) },
                    postLogoutRedirectURI: landing,
                    state: Base64URL.encode(Random.bytes(16))
                )?.url
            }
            var answer = Answer.redirect(.seeOther, to: url ?? landing)
            for party in worker.parties { answer.setCookie(party.ticketCookie(nil)) }
            answer.setCookie(SignInLoop.cleared(on: worker))
            respond(answer)
        }
    }

    /// Logto lets offline grants survive its own sign-out, so the refresh token has to be ended by us. Not waited for.
    private static func revokeTokens(of sessions: [Session], on worker: Worker) {
        let tokens = sessions.compactMap(\.refreshToken)
        guard !tokens.isEmpty else { return }
        let directory = worker.provider
        let backChannel = worker.backChannel
        let client = worker.settings.configuration.provider.client
        worker.run {
            guard let endpoint = try await directory.snapshot().provider.revocationEndpoint else { return }
            for token in tokens {
                let request = TokenRequest.revocation(token, hint: .refreshToken, client: client)
                _ = try await backChannel.post(request, to: endpoint)
            }
        } then: { result in
            guard case .failure(let error) = result else { return }
            let fault = error as? Fault
            worker.logger.warning(
                "a refresh token could not be revoked",
                metadata: ["error": "\(fault?.detail ?? fault?.reason ?? "unknown")"]
            )
        }
    }
}
