import Access
import BackChannel
import Cryptography
import JSON
import Logging
import OpenIDConnect

/// The access tokens of API clients, as this worker has judged them: each is looked at once while it is good.
final class BearerTokens {
    /// What came of a token.
    enum Verdict {
        /// Until it has to be judged anew.
        case accepted(OpenedSession, until: Instant)
        case refused(AccessTokenError)
        case fault(Fault)
    }

    /// A token counts for the route it was judged for: its audiences and its host.
    private struct Key: Hashable {
        let digest: [UInt8]
        let route: ObjectIdentifier
    }

    private struct Judged {
        let session: OpenedSession
        /// When the judgement has to be made anew.
        let until: Instant
    }

    private let settings: Settings
    let judge: BearerJudge
    private var judged: [Key: Judged] = [:]
    /// Who waits for the same token.
    private var waiting: [Key: [(Verdict) -> Void]] = [:]

    /// Bounded: emptied when full, which costs one judgement for each token that is still in use.
    private static let limit = 4096
    /// An opaque token may be revoked at any time.
    private static let opaqueFreshness = Duration.seconds(30)

    init(settings: Settings, judge: BearerJudge) {
        self.settings = settings
        self.judge = judge
    }

    func verdict(
        on token: String,
        for route: Route,
        _ policy: BearerPolicy,
        on worker: Worker,
        _ respond: @escaping (Verdict) -> Void
    ) {
        let key = Key(digest: Digest.sha256(Array(token.utf8)), route: ObjectIdentifier(route))
        let now = worker.wallClock
        if let known = self.judged[key], now < known.until {
            return respond(.accepted(known.session, until: known.until))
        }
        self.judged[key] = nil
        if self.waiting[key] != nil {
            self.waiting[key]?.append(respond)
            return
        }
        self.waiting[key] = [respond]
        let judge = self.judge
        worker.run {
            try await judge.token(token, policy, now: now)
        } then: { result in
            let verdict: Verdict
            switch result {
            case .success(let accessToken):
                let judged = self.remember(accessToken, token, key, route, now: now)
                verdict = .accepted(judged.session, until: judged.until)
            case .failure(let error as AccessTokenError): verdict = .refused(error)
            case .failure(let error):
                verdict = .fault(error as? Fault ?? .provider("a token could not be judged", detail: "\(error)"))
            }
            for respond in self.waiting.removeValue(forKey: key) ?? [] { respond(verdict) }
        }
    }

    /// A session of the token's own, which is never stored: rules, fields and assertions need not know where it is from.
    private func remember(_ token: AccessToken, _ text: String, _ key: Key, _ route: Route, now: Instant)
        -> Judged
    {
        let identity =
            Identity(claims: token.claims, issuer: self.settings.configuration.provider.issuer)
            ?? Identity(issuer: self.settings.configuration.provider.issuer, subject: token.subject)
        let isOpaque = !text.utf8.contains(UInt8(ascii: "."))
        let session = Session(
            identity: identity,
            claims: token.claims.bytes,
            idToken: "",
            accessToken: text,
            accessTokenExpiresAt: token.expiresAt,
            refreshToken: nil,
            scope: token.scope,
            providerSessionID: nil,
            authority: route.sessionAuthority.text,
            createdAt: now,
            expiresAt: token.expiresAt
        )
        // What the token itself permits is all that can be told of its caller.
        let requirements = self.settings.configuration.requirements
        let permissions = requirements.apis.filter { $0.isKind(of: token.claims) }.map { ($0, token.scope) }
        let grants = Grants(session, requirements, permissions: Dictionary(permissions) { first, _ in first })
        let opened = OpenedSession(bearer: grants)
        if self.judged.count >= Self.limit { self.judged.removeAll(keepingCapacity: true) }
        let until = isOpaque ? min(token.expiresAt, now.advanced(by: Self.opaqueFreshness)) : token.expiresAt
        let judged = Judged(session: opened, until: until)
        self.judged[key] = judged
        return judged
    }
}

/// Judges a token that is not known yet: by the provider's keys, or by asking the provider.
struct BearerJudge: Sendable {
    let directory: ProviderDirectory
    let backChannel: BackChannel
    let settings: Settings

    private static let personalPrefix = "pat_"

    /// Throws `AccessTokenError` for a token that is not accepted, `Fault` when that cannot be told.
    func token(_ text: String, _ policy: BearerPolicy, now: Instant) async throws -> AccessToken {
        let snapshot = try await self.directory.snapshot()
        if text.utf8.contains(UInt8(ascii: ".")) { return try await self.jwt(text, policy, snapshot, now: now) }
        if text.utf8.starts(with: Self.personalPrefix.utf8) {
            guard policy.takesPersonalTokens, let resource = policy.audiences.first else {
                throw AccessTokenError.wrongType
            }
            let jwt = try await self.exchange(text, resource, snapshot.provider)
            return try await self.jwt(jwt, policy, snapshot, now: now)
        }
        guard !policy.opaqueClients.isEmpty else { throw AccessTokenError.malformed }
        return try await self.introspect(text, policy, snapshot.provider, now: now)
    }

    private func validator(_ provider: Provider) -> AccessTokenValidator {
        let settings = self.settings.configuration.provider
        return AccessTokenValidator(
            issuer: settings.issuer,
            algorithms: provider.idTokenSigningAlgorithms,
            leeway: settings.clockSkew
        )
    }

    private func jwt(
        _ text: String,
        _ policy: BearerPolicy,
        _ snapshot: ProviderSnapshot,
        now: Instant
    ) async throws -> AccessToken {
        let validator = self.validator(snapshot.provider)
        do {
            return try validator.validate(text, keys: snapshot.keys, audiences: policy.audiences, now: now)
        } catch  where error.isWorthFetchingKeys {
            let newer = try await self.directory.snapshotWithNewKeys(for: snapshot)
            return try validator.validate(text, keys: newer.keys, audiences: policy.audiences, now: now)
        }
    }

    private func introspect(
        _ text: String,
        _ policy: BearerPolicy,
        _ provider: Provider,
        now: Instant
    ) async throws -> AccessToken {
        guard let endpoint = provider.introspectionEndpoint else {
            throw Fault.provider("the provider has no introspection endpoint")
        }
        let request = TokenRequest.introspection(text, client: self.settings.configuration.provider.client)
        let response = try await self.backChannel.post(request, to: endpoint)
        guard response.status == 200, let json = try? JSON.parse(response.body), json.objectValue != nil else {
            throw Fault.provider("the introspection endpoint failed", detail: "status \(response.status)")
        }
        return try self.validator(provider).judge(introspection: json, clients: policy.opaqueClients, now: now)
    }

    private func exchange(_ text: String, _ resource: String, _ provider: Provider) async throws -> String {
        let client = self.settings.configuration.provider.client
        let request = TokenRequest.exchange(personalAccessToken: text, resource: resource, client: client)
        let response = try await self.backChannel.post(request, to: provider.tokenEndpoint)
        switch TokenResponse.parse(status: response.status, body: response.body) {
        case .tokens(let tokens): return tokens.accessToken
        case .refused(let code, _) where code == "invalid_grant": throw AccessTokenError.inactive
        case .refused(let code, let description):
            throw Fault.provider("the token exchange was refused", detail: "\(code): \(description ?? "")")
        case .temporary: throw Fault.provider("the token endpoint failed", detail: "status \(response.status)")
        }
    }
}
