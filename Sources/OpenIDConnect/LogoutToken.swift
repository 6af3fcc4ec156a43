package import Cryptography
private import JSON

/// A demand of the OP's to end sessions that passed every rule (OpenID Connect Back-Channel Logout 1.0 section 2.4). Only
/// `LogoutTokenValidator` makes one.
package struct LogoutToken: Sendable, Equatable {
    /// Whose sessions.
    package enum Target: Sendable, Equatable {
        /// Those of one session at the OP.
        case session(String)
        /// All of an end-user.
        case subject(String)
    }

    /// A `sid` decides where there is one.
    package let target: Target
    /// `iss`, the very bytes of `Provider.issuer`.
    package let issuer: String
    /// `sub`, where it stands.
    package let subject: String?
    /// `jti`, at most 255 bytes: a token is good once.
    package let id: String
    /// From then on it is refused for its age, and its `jti` can be forgotten.
    package let expiresAt: Instant

    fileprivate init(target: Target, issuer: String, subject: String?, id: String, expiresAt: Instant) {
        self.target = target
        self.issuer = issuer
        self.subject = subject
        self.id = id
        self.expiresAt = expiresAt
    }
}

/// Makes a `LogoutToken` out of an `UnverifiedToken`, rule by rule (section 2.6).
package struct LogoutTokenValidator: Sendable {
    private let issuer: String
    private let clientID: String
    private let algorithms: [SignatureAlgorithm]
    private let leeway: Duration

    private static let event = "http://schemas.openid.net/event/backchannel-logout"
    /// A token without `exp`, as drafts of the specification allowed, is good for so long; section 4 asks for no more than
    /// two minutes.
    private static let life = Duration.seconds(120)
    private static let longestName = 255

    /// The parameters are those of `IDTokenValidator`.
    package init(issuer: String, clientID: String, algorithms: [SignatureAlgorithm], leeway: Duration) {
        self.issuer = issuer
        self.clientID = clientID
        self.algorithms = algorithms
        self.leeway = leeway
    }

    /// Whether it has been seen before is for the caller to ask, by `LogoutToken.id`.
    ///
    /// - Throws: one case for each rule. When the error `isWorthFetchingKeys`, fetch them again, rate-limited, and retry.
    package func validate(
        _ token: UnverifiedToken,
        keys: JSONWebKeySet,
        now: Instant
    ) throws(OpenIDConnectError) -> LogoutToken {
        let algorithm = try checkHeader(token)
        try token.checkSignature(algorithm, keys)
        guard let claims = try? JSON.parse(token.payload), claims.objectValue != nil else { throw .claimsMalformed }
        let issued = claims["iss"]?.stringValue
        guard let issued, issued.isExactly(issuer) else { throw .issuerMismatch(found: issued) }
        try checkAudience(claims)
        let end = try checkTimes(claims, now)
        try checkEvents(claims)
        // An ID token that could pass for a logout token, or the other way round, is neither.
        guard claims["nonce"] == nil else { throw .logoutTokenWithNonce }
        let subject = try name(claims["sub"])
        let session = try name(claims["sid"])
        guard let target = session.map(LogoutToken.Target.session) ?? subject.map(LogoutToken.Target.subject) else {
            throw .logoutTokenWithoutTarget
        }
        guard let id = try name(claims["jti"]) else { throw .logoutTokenWithoutID }
        return LogoutToken(target: target, issuer: issuer, subject: subject, id: id, expiresAt: end)
    }

    /// `typ` should be `logout+jwt` (section 2.4); what says that it is something else is refused.
    private func checkHeader(_ token: UnverifiedToken) throws(OpenIDConnectError) -> SignatureAlgorithm {
        guard let algorithm = SignatureAlgorithm(token.algorithm.utf8), algorithms.contains(algorithm) else {
            throw .algorithmNotAllowed(token.algorithm)
        }
        if let type = token.type {
            let allowed = ["logout+jwt", "application/logout+jwt", "jwt"]
            let found = type.lowercased()
            guard allowed.contains(where: { $0.isExactly(found) }) else { throw .tokenTypeNotAllowed(type) }
        }
        return algorithm
    }

    private func checkAudience(_ claims: JSON) throws(OpenIDConnectError) {
        let audiences = claims["aud"]?.stringValue.map { [JSON.string($0)] } ?? claims["aud"]?.arrayValue ?? []
        guard
            audiences.allSatisfy({ $0.stringValue != nil }),
            audiences.contains(where: { $0.stringValue?.isExactly(clientID) == true })
        else { throw .audienceMismatch }
    }

    /// - Returns: when it can be forgotten.
    private func checkTimes(_ claims: JSON, _ now: Instant) throws(OpenIDConnectError) -> Instant {
        guard let issued = Instant(numericDate: claims["iat"]) else { throw .issuedAtUnusable }
        guard issued <= now.advanced(by: leeway) else { throw .issuedInTheFuture(at: issued, now: now) }
        var expires = issued.advanced(by: Self.life)
        if let value = claims["exp"], value != .null {
            guard let found = Instant(numericDate: value) else { throw .expiryUnusable }
            expires = found
        }
        let end = expires.advanced(by: leeway)
        guard now < end else { throw .expired(at: expires, now: now) }
        return end
    }

    /// The member must be there, and its value an object.
    private func checkEvents(_ claims: JSON) throws(OpenIDConnectError) {
        guard claims["events"]?[Self.event]?.objectValue != nil else { throw .logoutTokenWithoutEvent }
    }

    /// A text that names something; `nil` when absent.
    private func name(_ value: JSON?) throws(OpenIDConnectError) -> String? {
        guard let value, value != .null else { return nil }
        guard let text = value.stringValue, (1...Self.longestName).contains(text.utf8.count), !text.hasControls else {
            throw .logoutTokenNameUnusable
        }
        return text
    }
}
