import Access
import NIOHTTP1
import OpenIDConnect

/// What an API of the provider permits the user of a session: asked before the decision, and known for as long as the
/// token that says so is good.
extension ExchangeHandler {
    /// What was refused is not asked for again with every request.
    private static let refusalFreshness = Duration.seconds(60)
    private static let leastFreshness = Duration.seconds(5)

    /// The first API that has to be asked before the route's requirement can be judged. `nil` for a bearer token, which is
    /// all there is to know of its caller.
    func unknownPermissions(of session: OpenedSession?, for route: Route) -> UpstreamToken? {
        guard let apis = route.policy.requirement?.apis, !apis.isEmpty, let session, !session.isBearer else {
            return nil
        }
        return session.unknown(of: apis, now: self.worker.wallClock)
    }

    /// Asks it, and goes on, or answers.
    func learn(_ api: UpstreamToken, of session: OpenedSession?, then proceed: @escaping () -> Void) {
        guard let session else { return proceed() }
        let number = self.current.number
        let requirements = self.worker.settings.configuration.requirements
        UpstreamTokens(worker: self.party).token(api, of: session) { result in
            switch result {
            case .success(let token): self.read(token.text, for: api, of: session, number, proceed)
            case .failure(let fault) where fault.status == .forbidden:
                let end = self.worker.wallClock.advanced(by: Self.refusalFreshness)
                session.learn("", of: api, until: end, requirements)
                if self.isStill(number) { proceed() }
            case .failure(let fault): if self.isStill(number) { self.fail(fault) }
            }
        }
    }

    /// What the token says is believed as little as if somebody had brought it.
    private func read(
        _ token: String,
        for api: UpstreamToken,
        of session: OpenedSession,
        _ number: Int,
        _ proceed: @escaping () -> Void
    ) {
        let judge = self.party.bearerTokens.judge
        let policy = BearerPolicy(audiences: [api.audience ?? ""])
        let requirements = self.worker.settings.configuration.requirements
        let now = self.worker.wallClock
        self.worker.run {
            try await judge.token(token, policy, now: now)
        } then: { result in
            switch result {
            case .success(let judged):
                let scope = api.isKind(of: judged.claims) ? judged.scope : ""
                // Long enough to be used once, however short its life is.
                let end = max(judged.expiresAt, self.worker.wallClock.advanced(by: Self.leastFreshness))
                session.learn(scope, of: api, until: end, requirements)
                if self.isStill(number) { proceed() }
            case .failure(let error):
                let detail = (error as? AccessTokenError)?.rawValue ?? "\(error)"
                let fault = error as? Fault ?? .provider("what an API permits could not be read", detail: detail)
                if self.isStill(number) { self.fail(fault) }
            }
        }
    }
}
