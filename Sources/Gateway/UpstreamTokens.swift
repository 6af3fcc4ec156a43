import Access
import JSON
import NIOHTTP1
import OpenIDConnect

/// The tokens that a session has for upstreams: its own, and those it obtains, each kept with it while it is good.
struct UpstreamTokens {
    /// A token, and how long it is good for; `nil` when nobody says, or it is about to end.
    struct Given {
        let text: String
        var lifetime: Duration?
    }

    typealias Completion = (Result<Given, Fault>) -> Void

    let worker: Worker

    private var refresh: Refresh { self.worker.refresh }

    func token(_ wanted: UpstreamToken, of opened: OpenedSession, _ respond: @escaping Completion) {
        switch wanted {
        case .idToken:
            let token = opened.session.idToken
            respond(token.isEmpty ? .failure(.noUpstreamToken("there is no ID token")) : .success(Given(text: token)))
        case .accessToken:
            self.accessToken(of: opened, respond)
        case .obtained(let resource, nil):
            self.obtained(ObtainedToken.Purpose(resource: resource, organizationID: nil), of: opened, respond)
        case .obtained(let resource, .fixed(let id)?):
            self.obtained(ObtainedToken.Purpose(resource: resource, organizationID: id), of: opened, respond)
        case .obtained(_, .segment?), .obtained(_, .field?):
            respond(.failure(.noUpstreamToken("nobody has looked up the organization")))
        case .obtained(let resource, .only?):
            let all = (opened.session.parsedClaims["organizations"]?.arrayValue ?? []).compactMap(\.stringValue)
            guard all.count == 1 else {
                return respond(.failure(.noUpstreamToken("the user is not in one organization")))
            }
            self.obtained(ObtainedToken.Purpose(resource: resource, organizationID: all[0]), of: opened, respond)
        }
    }

    /// The one of the sign-in, or of the latest refresh: one that is about to end is a reason for the next.
    private func accessToken(of opened: OpenedSession, _ respond: @escaping Completion) {
        let session = opened.session
        let end = session.accessTokenExpiresAt
        let isFresh =
            end.map { self.now < ObtainedToken.freshUntil(obtainedAt: session.refreshedAt, expiresAt: $0) } ?? true
        if let token = session.accessToken, isFresh { return respond(.success(Given(text: token))) }
        // What still lasts is better than nothing, when nobody can have another.
        let lasting = (end.map { self.now < $0 } ?? true) ? session.accessToken.map { Given(text: $0) } : nil
        guard session.refreshToken != nil, !opened.isBearer else {
            return respond(lasting.map { .success($0) } ?? .failure(Self.missing(session)))
        }
        self.refresh.wait(for: opened) { result in
            switch result {
            case .failure(let fault): respond(lasting.map { .success($0) } ?? .failure(fault))
            case .success(nil): respond(.failure(.signInForUpstreamToken))
            case .success(let next?):
                respond(
                    next.session.accessToken.map { .success(Given(text: $0)) } ?? .failure(Self.missing(next.session))
                )
            }
        }
    }

    private func obtained(
        _ purpose: ObtainedToken.Purpose,
        of opened: OpenedSession,
        _ respond: @escaping Completion
    ) {
        let session = opened.session
        let known = session.obtainedToken(for: purpose)
        if let known, known.isFresh(self.now) { return respond(.success(self.given(known))) }
        let lasting = known.flatMap { self.now < $0.expiresAt ? self.given($0) : nil }
        guard session.refreshToken != nil, !opened.isBearer else {
            return respond(lasting.map { .success($0) } ?? .failure(Self.missing(session)))
        }
        self.refresh.obtain(purpose, for: opened) { result in
            switch result {
            // The provider has not refused: it has not answered, or its refusal has taken nothing away yet.
            case .failure(let fault) where fault.status != .unauthorized:
                respond(lasting.map { .success($0) } ?? .failure(fault))
            case .failure(let fault): respond(.failure(fault))
            case .success(nil): respond(.failure(.signInForUpstreamToken))
            case .success(let next?):
                let token = next.session.obtainedToken(for: purpose)
                respond(token.map { .success(self.given($0)) } ?? .failure(Self.missing(next.session)))
            }
        }
    }

    private var now: Instant { self.worker.wallClock }

    private func given(_ token: ObtainedToken) -> Given {
        let lifetime = token.freshUntil - self.now
        return Given(text: token.text, lifetime: lifetime > .zero ? lifetime : nil)
    }

    /// Why a session without a refresh token obtains nothing.
    private static func missing(_ session: Session) -> Fault {
        session.mustRevalidate ? .signInForUpstreamToken : .noUpstreamToken("there is no refresh token")
    }
}

extension Fault {
    /// The user has no right to a token, or the configuration asks for what is not there.
    static func noUpstreamToken(_ detail: String) -> Fault {
        Fault(.provider, .forbidden, "there is no token for the route's upstream", detail: detail)
    }

    /// The refresh token is gone for good.
    static let signInForUpstreamToken = Fault(
        .downstream,
        .unauthorized,
        "there is no token for the route's upstream",
        detail: "the refresh token is gone"
    )
}
