import Access
import BackChannel
import JSON
import Logging
import OpenIDConnect

/// Turns an authorization code into a session: redeems it, judges the ID token, asks userinfo for what is missing.
struct CodeExchange: Sendable {
    let directory: ProviderDirectory
    let backChannel: BackChannel
    let settings: Settings
    let logger: Logger

    private var client: Client { self.settings.configuration.provider.client }

    /// Why there is no session: the provider said no, or sent something that cannot be accepted, or cannot be asked.
    enum Failure: Error {
        case refused(code: String, description: String?)
        case unacceptable(OpenIDConnectError)
        case fault(Fault)
    }

    /// Ends within the provider's time limit for each of its requests. The code is used up, whatever comes of it.
    func session(for code: String, of signIn: SignIn, now: Instant) async throws(Failure) -> Session {
        let snapshot = try await self.available { () async throws(Fault) in try await self.directory.snapshot() }
        let tokens = try await self.redeem(code, of: signIn, at: snapshot.provider)
        guard let raw = tokens.idToken else { throw .unacceptable(.tokenMalformed) }
        let idToken = try await self.validate(raw, tokens: tokens, signIn: signIn, snapshot: snapshot, now: now)
        let question = UserInfoRequest(backChannel: self.backChannel, scopes: self.client.scopes, logger: self.logger)
        let answer = await question.answer(
            completing: idToken,
            accessToken: tokens.accessToken,
            at: snapshot.provider
        )
        let claims = idToken.mergedClaims(with: answer.userInfo)
        guard let identity = Identity(claims: claims, issuer: idToken.issuer) else {
            throw .unacceptable(.subjectUnusable)
        }
        if tokens.refreshToken == nil, self.client.scopes.contains("offline_access") {
            self.logger.notice("the provider gave no refresh token; Logto does so only for prompt \"consent\"")
        }
        return Session(
            identity: identity,
            claims: claims.bytes,
            idToken: raw,
            accessToken: tokens.accessToken,
            accessTokenExpiresAt: tokens.expiresIn.map { now.advanced(by: .seconds($0)) },
            refreshToken: tokens.refreshToken,
            scope: tokens.scope,
            providerSessionID: idToken.sessionID,
            authority: signIn.authority,
            createdAt: now,
            expiresAt: now.advanced(by: self.settings.configuration.session.lifetime),
            idTokenExpiresAt: now.advanced(by: idToken.life)
        )
    }

    private func redeem(_ code: String, of signIn: SignIn, at provider: Provider) async throws(Failure) -> Tokens {
        let redirectURI =
            "\(self.settings.scheme.rawValue)://\(Authority.host(in: signIn.authority))"
            + self.settings.configuration.paths.callback
        let request = TokenRequest.code(
            code,
            redirectURI: redirectURI,
            verifier: signIn.verifier,
            client: self.client
        )
        let response = try await self.available { () async throws(Fault) in
            try await self.backChannel.post(request, to: provider.tokenEndpoint)
        }
        switch TokenResponse.parse(status: response.status, body: response.body) {
        case .tokens(let tokens): return tokens
        case .refused(let code, let description): throw .refused(code: code, description: description)
        case .temporary:
            throw .fault(.provider("the token endpoint failed", detail: "status \(response.status)"))
        }
    }

    private func validate(
        _ raw: String,
        tokens: Tokens,
        signIn: SignIn,
        snapshot: ProviderSnapshot,
        now: Instant
    ) async throws(Failure) -> IDToken {
        do {
            return try self.judge(raw, tokens: tokens, signIn: signIn, snapshot: snapshot, now: now)
        } catch  where error.isWorthFetchingKeys {
            // Logto rotates without announcing the new key first, and others change a key under its old id: ask again, once.
            let newer = try await self.available { () async throws(Fault) in
                try await self.directory.snapshotWithNewKeys(for: snapshot)
            }
            do {
                return try self.judge(raw, tokens: tokens, signIn: signIn, snapshot: newer, now: now)
            } catch {
                throw .unacceptable(error)
            }
        } catch {
            throw .unacceptable(error)
        }
    }

    private func judge(
        _ raw: String,
        tokens: Tokens,
        signIn: SignIn,
        snapshot: ProviderSnapshot,
        now: Instant
    ) throws(OpenIDConnectError) -> IDToken {
        let validator = IDTokenValidator(
            issuer: self.settings.configuration.provider.issuer,
            clientID: self.client.id,
            algorithms: snapshot.provider.idTokenSigningAlgorithms,
            leeway: self.settings.configuration.provider.clockSkew
        )
        return try validator.validate(
            UnverifiedToken(raw),
            keys: snapshot.keys,
            nonce: signIn.nonce,
            now: now,
            accessToken: tokens.accessToken,
            maxAge: signIn.stepUp.maximumAge.map { Int(clamping: $0.components.seconds) }
        )
    }

    private func available<Value>(
        _ work: () async throws(Fault) -> Value
    ) async throws(Failure) -> Value {
        do {
            return try await work()
        } catch {
            throw .fault(error)
        }
    }
}

extension BackChannel {
    /// Posts a form of ours to the provider.
    func post(_ request: TokenRequest, to url: String) async throws(Fault) -> BackChannelResponse {
        do {
            return try await self.send(BackChannelRequest(request, to: url))
        } catch {
            throw .provider("the provider cannot be reached", detail: error.debugDescription)
        }
    }
}

extension BackChannelRequest {
    /// A form of ours, with our proof of identity.
    init(_ request: TokenRequest, to url: String) {
        var headers = [
            (name: "Content-Type", value: TokenRequest.contentType), (name: "Accept", value: "application/json"),
        ]
        if let authorization = request.authorization { headers.append((name: "Authorization", value: authorization)) }
        self.init(method: .post, url: url, headers: headers, body: request.body)
    }
}

extension IDToken {
    /// How long it lives, which needs no agreement on what time it is.
    var life: Duration { self.expiresAt - self.issuedAt }
}
