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
        Self.remove(worker.parties[...], ([], nil), request) { outcome in
            Self.noteEnded(outcome.ended, request, on: worker)
            // Whoever is told "signed out" must be: as long as a record may live on, the cookie stays.
            if let fault = outcome.fault {
                return respond(.fault(fault, asPage: true, requestID: request.requestID))
            }
            Self.finish(outcome.ended, request, on: worker, respond)
        }
    }

    /// The sessions that a browser has had here, each with the worker for its provider.
    private typealias Ended = [(party: Worker, removed: RemovedSession)]
    /// Those, and what has kept others from ending.
    private typealias Outcome = (ended: Ended, fault: Fault?)

    /// Ends those with all of these providers.
    private static func remove(
        _ parties: ArraySlice<Worker>,
        _ outcome: Outcome,
        _ request: EndpointRequest,
        _ completion: @escaping (Outcome) -> Void
    ) {
        guard let party = parties.first else { return completion(outcome) }
        let authority = party.settings.sessions(of: request.access.authority)
        party.sessions.remove(party.tickets(in: request.cookies), for: authority) { removed, fault in
            let ended = outcome.ended + removed.map { (party, $0) }
            Self.remove(parties.dropFirst(), (ended, outcome.fault ?? fault), request, completion)
        }
    }

    /// What these sessions had at their providers is given back. Not waited for.
    private static func noteEnded(_ ended: Ended, _ request: EndpointRequest, on worker: Worker) {
        for party in worker.parties {
            party.revoke(ended.filter { $0.party === party }.compactMap { $0.removed.session?.refreshToken })
        }
        for (_, removed) in ended {
            worker.audit?.write(
                .signedOut,
                subject: removed.session?.identity.subject,
                session: removed.key,
                client: request.access.clientAddress,
                requestID: request.requestID
            )
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
            // There is something to sign out of.
            case .failure(let fault) where fault.isUnreadableSession: completion(.success(true))
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
        let sessions = ended.filter { $0.party === party }.compactMap(\.removed.session)
        let directory = party.provider
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
}
