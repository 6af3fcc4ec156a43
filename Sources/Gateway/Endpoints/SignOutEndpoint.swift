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
        worker.sessions.remove(request.tickets, for: request.access.authority) { result in
            switch result {
            // Whoever is told "signed out" must be: as long as the record may live on, the cookie stays.
            case .failure(let fault): respond(.fault(fault, asPage: true, requestID: request.requestID))
            case .success(let sessions): Self.finish(sessions, request, on: worker, respond)
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
        worker.sessions.load(request.tickets, for: request.access.authority) { result in
            switch result {
            case .failure(let fault): respond(.fault(fault, asPage: true, requestID: request.requestID))
            case .success(let opened):
                let action = worker.settings.configuration.paths.signOut
                let button = Page.Action.button(label: "Sign out", action: action)
                let text = opened == nil ? Page.Text.nobodySignedIn : .confirmSignOut
                respond(.page(Page(text, actions: opened == nil ? [] : [button], requestID: nil), status: .ok))
            }
        }
    }

    private static func finish(
        _ sessions: [Session],
        _ request: EndpointRequest,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        let directory = worker.provider
        Self.revokeTokens(of: sessions, on: worker)
        for session in sessions {
            worker.logger.info(
                "signed out",
                metadata: ["subject": "\(session.identity.subject)", "request_id": "\(request.requestID)"]
            )
        }
        // The session here is over, whatever comes of the provider: without it there is only the other half to skip.
        worker.run { try await directory.snapshot() } then: { result in
            let provider = (try? result.get())?.provider
            let settings = worker.settings
            let url = provider.flatMap { provider in
                EndSessionRequest(
                    provider: provider,
                    clientID: settings.configuration.provider.client.id,
                    idTokenHint: sessions.first?.idToken,
                    postLogoutRedirectURI: settings.origin(of: request.access.authority)
                        + settings.configuration.paths.signedOut,
                    state: Base64URL.encode(Random.bytes(16))
                )?.url
            }
            var answer = Answer.redirect(.seeOther, to: url ?? settings.configuration.paths.signedOut)
            answer.setCookie(worker.ticketCookie(nil))
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
