package import Access
package import BackChannel
import JSON
package import Logging
package import OpenIDConnect

/// Presents a session's refresh token and makes the next session of what comes: new tokens, and everything that is said
/// about the person read anew. Nothing else tells us of roles and organizations that have changed (logto.md, 4.6).
package struct RefreshExchange: Sendable {
    private let directory: ProviderDirectory
    private let backChannel: BackChannel
    private let settings: Settings
    private let logger: Logger
    private let clock: @Sendable () -> Instant

    private var client: Client { self.settings.configuration.provider.client }

    /// Longer than any request waits: an answer that is not waited for loses the token.
    private static let patience = Duration.seconds(30)
    private static let retryPause = Duration.milliseconds(250)
    /// Of a token whose lifetime nobody tells.
    private static let usualLifetime = Duration.seconds(90)
    /// Those who wait for a token get it, however soon it ends.
    private static let shortestLifetime = Duration.seconds(10)

    /// The person has no right to such a token, or nobody knows what it is for (RFC 8707, 2; logto.md, 4).
    private static let refusals: Set<String> = [
        "access_denied", "insufficient_scope", "invalid_scope", "invalid_target",
    ]

    /// Why there is no new session.
    package enum Failure: Error {
        /// The provider has ended the grant: expired, revoked, suspended, deleted.
        case ended(code: String)
        /// The token is as good as before: it was not presented, or the provider said that it cannot answer now.
        case temporary(Fault)
        /// The token was presented and nobody knows what came of it.
        case lost(Fault)
        /// The provider gives no token for this purpose. The session is none the worse.
        case refused(String)
        /// Tokens came that cannot be accepted; the refresh token among them replaces the old one all the same.
        case unacceptable(OpenIDConnectError, Session)
    }

    package init(
        directory: ProviderDirectory,
        backChannel: BackChannel,
        settings: Settings,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) {
        self.directory = directory
        self.backChannel = backChannel
        self.settings = settings
        self.logger = logger
        self.clock = clock
    }

    /// The same session, one generation on.
    package func carryOut(_ errand: RefreshErrand, for session: Session) async throws(Failure) -> Session {
        switch errand {
        case .renewal: try await self.refreshed(session)
        case .upstreamToken(let purpose): try await self.obtaining(purpose, for: session)
        }
    }

    private func refreshed(_ session: Session) async throws(Failure) -> Session {
        guard let refreshToken = session.refreshToken else { throw .ended(code: "no_refresh_token") }
        let snapshot = try await self.snapshot()
        let form = TokenRequest.refresh(refreshToken, client: self.client)
        let tokens = try await self.present(form, at: snapshot.provider) { code, _ in
            // Our own registration is at fault, such as a secret that is being replaced; no session ends for that.
            ["invalid_grant", "access_denied"].contains(code)
                ? .ended(code: code) : .temporary(.provider("the provider refuses to refresh", detail: code))
        }
        let now = self.clock()
        do {
            return try await self.next(session, tokens, snapshot, now: now)
        } catch {
            throw .unacceptable(error, session.replacingRefreshToken(with: tokens.refreshToken ?? refreshToken))
        }
    }

    /// The same session with a token for an upstream; nothing else is read anew.
    private func obtaining(_ purpose: ObtainedToken.Purpose, for session: Session) async throws(Failure) -> Session {
        guard let refreshToken = session.refreshToken else { throw .ended(code: "no_refresh_token") }
        let snapshot = try await self.snapshot()
        let form = TokenRequest.refresh(
            refreshToken,
            resource: purpose.resource,
            organizationID: purpose.organizationID,
            client: self.client
        )
        let tokens = try await self.present(form, at: snapshot.provider) { code, description in
            let detail = "\(code): \(description ?? "")"
            if code == "invalid_grant" { return .ended(code: code) }
            // Anything else is our own registration's fault, or the provider's.
            return Self.refusals.contains(code)
                ? .refused(detail) : .temporary(.provider("the provider gives no token", detail: detail))
        }
        let now = self.clock()
        let lifetime = max(tokens.expiresIn.map { .seconds($0) } ?? Self.usualLifetime, Self.shortestLifetime)
        let token = ObtainedToken(
            purpose: purpose,
            text: tokens.accessToken,
            obtainedAt: now,
            expiresAt: now.advanced(by: lifetime)
        )
        return session.adding(token, refreshToken: tokens.refreshToken ?? refreshToken, now: now)
    }

    private func snapshot() async throws(Failure) -> ProviderSnapshot {
        do {
            return try await self.directory.snapshot()
        } catch {
            throw .temporary(error)
        }
    }

    // MARK: The token

    /// Presents it; again only when the answer was lost and the provider allows it.
    private func present(
        _ form: TokenRequest,
        at provider: Provider,
        _ judge: (_ code: String, _ description: String?) -> Failure
    ) async throws(Failure) -> Tokens {
        var request = BackChannelRequest(form, to: provider.tokenEndpoint)
        request.timeout = max(Self.patience, self.settings.configuration.provider.timeout)
        request.isSentOnce = true
        let end = ContinuousClock.now + self.settings.configuration.provider.refreshRetry
        var isOut = false
        while true {
            let fault: Fault
            do {
                return try Self.tokens(in: try await self.backChannel.send(request), judge)
            } catch Failure.lost(let lost) {
                isOut = true
                fault = lost
            } catch Failure.temporary(let later) where isOut {
                // That it was not used this time says nothing of the time before.
                fault = later
            } catch let failure as Failure {
                throw failure
            } catch BackChannelError.shutDown {
                let fault = Fault.provider("the gateway is ending")
                throw isOut ? .lost(fault) : .temporary(fault)
            } catch {
                isOut = isOut || (error as? BackChannelError)?.mayHaveBeenSent ?? true
                fault = .provider("the provider cannot be reached", detail: "\(error)")
            }
            guard isOut, ContinuousClock.now + Self.retryPause < end else {
                throw isOut ? .lost(fault) : .temporary(fault)
            }
            try? await Task.sleep(for: Self.retryPause)
        }
    }

    private static func tokens(
        in response: BackChannelResponse,
        _ judge: (_ code: String, _ description: String?) -> Failure
    ) throws(Failure) -> Tokens {
        switch TokenResponse.parse(status: response.status, body: response.body) {
        case .tokens(let tokens): return tokens
        case .refused(let code, let description): throw judge(code, description)
        case .temporary where response.status == 200: throw .lost(.provider("the token endpoint makes no sense"))
        case .temporary:
            let fault = Fault.provider("the token endpoint failed", detail: "status \(response.status)")
            throw Self.mayHaveUsedToken(response) ? .lost(fault) : .temporary(fault)
        }
    }

    /// Whether the provider may have used the token before it broke down, or before somebody in front of it lost its
    /// answer (networks say so with numbers of their own). When it says itself, as OAuth does, that it failed, it has not.
    private static func mayHaveUsedToken(_ response: BackChannelResponse) -> Bool {
        guard (500...599).contains(response.status), response.status != 503 else { return false }
        guard response.status != 502, response.status != 504 else { return true }
        return (try? JSON.parse(response.body))?["error"]?.stringValue?.isEmpty ?? true
    }

    // MARK: The session

    private func next(
        _ session: Session,
        _ tokens: Tokens,
        _ snapshot: ProviderSnapshot,
        now: Instant
    ) async throws(OpenIDConnectError) -> Session {
        let earlier = try? UserInfo.parse(session.claims, subject: session.identity.subject)
        let question = UserInfoRequest(backChannel: self.backChannel, scopes: self.client.scopes, logger: self.logger)
        let claims: JSON
        var idToken: IDToken?
        if let raw = tokens.idToken {
            let nonce = earlier?.claims["nonce"]?.stringValue
            let token = try await self.validate(raw, tokens, nonce, session.identity.subject, snapshot, now: now)
            let answer = await question.answer(
                completing: token,
                accessToken: tokens.accessToken,
                at: snapshot.provider
            )
            let userInfo = Self.userInfo(in: answer, for: session)
            claims = Self.completed(token.mergedClaims(with: userInfo), from: earlier?.claims)
            idToken = token
        } else {
            let answer = await question.answer(
                about: session.identity.subject,
                accessToken: tokens.accessToken,
                at: snapshot.provider
            )
            claims = Self.completed(answer.userInfo?.claims ?? earlier?.claims ?? .object([]), from: earlier?.claims)
        }
        guard let identity = Identity(claims: claims, issuer: session.identity.issuer) else {
            throw .subjectUnusable
        }
        return Session(
            identity: identity,
            claims: claims.bytes,
            idToken: idToken?.raw ?? session.idToken,
            accessToken: tokens.accessToken,
            accessTokenExpiresAt: tokens.expiresIn.map { now.advanced(by: .seconds($0)) },
            refreshToken: tokens.refreshToken ?? session.refreshToken,
            scope: tokens.scope ?? session.scope,
            providerSessionID: idToken?.sessionID ?? session.providerSessionID,
            authority: session.authority,
            createdAt: session.createdAt,
            expiresAt: session.expiresAt,
            idTokenExpiresAt: idToken.map { now.advanced(by: $0.life) },
            refreshedAt: now,
            generation: session.generation &+ 1
        )
    }

    /// What completes a new ID token. A userinfo endpoint that is down takes nobody's roles away: what it said before
    /// stands. What the ID token said before does not, for its successor leaves out what has been taken away.
    private static func userInfo(in answer: UserInfoAnswer, for session: Session) -> UserInfo? {
        switch answer {
        case .said(let userInfo): userInfo
        case .nothing: nil
        case .failed: UserInfo(session.claims, without: session.idToken, subject: session.identity.subject)
        }
    }

    /// How and when somebody signed in does not change with a refresh, and need not be said again (Core 12.2).
    private static func completed(_ claims: JSON, from earlier: JSON?) -> JSON {
        guard case .object(let members) = claims, let earlier else { return claims }
        let missing = ["auth_time", "acr", "amr"].compactMap { name in
            claims[name] == nil ? earlier[name].map { JSONMember(name: name, value: $0) } : nil
        }
        return .object(members + missing)
    }

    private func validate(
        _ raw: String,
        _ tokens: Tokens,
        _ nonce: String?,
        _ subject: String,
        _ snapshot: ProviderSnapshot,
        now: Instant
    ) async throws(OpenIDConnectError) -> IDToken {
        let validator = IDTokenValidator(
            issuer: self.settings.configuration.provider.issuer,
            clientID: self.client.id,
            algorithms: snapshot.provider.idTokenSigningAlgorithms,
            leeway: self.settings.configuration.provider.clockSkew
        )
        let token = try UnverifiedToken(raw)
        do {
            return try validator.validate(
                refreshed: token,
                keys: snapshot.keys,
                subject: subject,
                nonce: nonce,
                now: now,
                accessToken: tokens.accessToken
            )
        } catch  where error.isWorthFetchingKeys {
            guard let newer = try? await self.directory.snapshotWithNewKeys(for: snapshot) else { throw error }
            return try validator.validate(
                refreshed: token,
                keys: newer.keys,
                subject: subject,
                nonce: nonce,
                now: now,
                accessToken: tokens.accessToken
            )
        }
    }
}

extension BackChannelError {
    /// Whether the provider may have seen the request.
    fileprivate var mayHaveBeenSent: Bool {
        switch self {
        case .timeoutUnsent, .cannotResolve, .refused, .tls, .insecureURL, .shutDown: false
        case .timeout, .interrupted, .tooLarge, .malformed, .cancelled, .other: true
        }
    }
}
