package import Cryptography
package import JSON

/// Claims that passed every rule. Only `IDTokenValidator` makes one.
package struct IDToken: Sendable {
    /// All of them, an object. Any but those below may be null, missing or of a wrong type: Logto sends nulls, and
    /// milliseconds where OpenID Connect has seconds.
    package let claims: JSON
    /// The compact form, for the `id_token_hint` of a sign-out.
    package let raw: String
    /// `kid` of the key it was signed with.
    package let keyID: String?
    /// `iss`, the very bytes of `Provider.issuer`.
    package let issuer: String
    /// At most 255 bytes without control characters; never empty. Identifies the end-user together with `issuer`.
    package let subject: String
    /// `iat`.
    package let issuedAt: Instant
    /// `exp`.
    package let expiresAt: Instant
    /// `auth_time`: when the end-user last proved who they are. Logto sends it for `max_age` and for `prompt` with
    /// `login`.
    package let authenticatedAt: Instant?
    /// `sid`, by which a back-channel logout names the session.
    package let sessionID: String?

    fileprivate init(_ claims: JSON, _ token: UnverifiedToken, issuer: String, subject: String, times: Times) {
        self.claims = claims
        raw = token.raw
        keyID = token.keyID
        self.issuer = issuer
        self.subject = subject
        issuedAt = times.issued
        expiresAt = times.expires
        authenticatedAt = times.authenticated
        sessionID = claims["sid"]?.stringValue
    }

    fileprivate struct Times {
        let issued: Instant
        let expires: Instant
        let authenticated: Instant?
    }
}

extension IDToken: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tokens never print.
    package var description: String { "(ID token)" }
    /// As `description`.
    package var debugDescription: String { description }
}

/// Makes an `IDToken` out of an `UnverifiedToken`, rule by rule (OpenID Connect Core sections 3.1.3.6 and 3.1.3.7).
package struct IDTokenValidator: Sendable {
    private let issuer: String
    private let clientID: String
    private let algorithms: [SignatureAlgorithm]
    private let leeway: Duration

    /// - Parameters:
    ///   - issuer: `Provider.issuer`.
    ///   - clientID: `Client.id`.
    ///   - algorithms: What may have signed: the OP's list cut down to ours. Never taken from the token.
    ///   - leeway: Tolerance for clocks that differ.
    package init(issuer: String, clientID: String, algorithms: [SignatureAlgorithm], leeway: Duration) {
        self.issuer = issuer
        self.clientID = clientID
        self.algorithms = algorithms
        self.leeway = leeway
    }

    /// - Parameters:
    ///   - keys: The OP's. When the error `isWorthFetchingKeys`, fetch them again, rate-limited, and retry once.
    ///   - nonce: The one of the authorization request.
    ///   - now: The time, by our clock.
    ///   - accessToken: The access token that came along; its hash is compared where the ID token has one.
    ///   - maxAge: The `max_age` of the authorization request, in seconds.
    /// - Throws: One case for each rule.
    package func validate(
        _ token: UnverifiedToken,
        keys: JSONWebKeySet,
        nonce: String,
        now: Instant,
        accessToken: String? = nil,
        maxAge: Int? = nil
    ) throws(OpenIDConnectError) -> IDToken {
        let (claims, algorithm) = try checkOrigin(token, keys)
        let times = try checkTimes(claims, now, maxAge)
        try checkNonce(claims, nonce)
        let subject = try checkSubject(claims)
        if let accessToken { try checkAccessToken(claims, accessToken, algorithm) }
        return IDToken(claims, token, issuer: issuer, subject: subject, times: times)
    }

    /// An ID token that came with refreshed tokens (Core section 12.2): the same issuer, audience and end-user. It needs no
    /// nonce; one that is there is the one of the sign-in, as Logto sends it.
    ///
    /// - Parameters:
    ///   - subject: The session's.
    ///   - nonce: Of the session's first ID token, where it is known.
    package func validate(
        refreshed token: UnverifiedToken,
        keys: JSONWebKeySet,
        subject: String,
        nonce: String?,
        now: Instant,
        accessToken: String?
    ) throws(OpenIDConnectError) -> IDToken {
        let (claims, algorithm) = try checkOrigin(token, keys)
        let times = try checkTimes(claims, now, nil)
        if let nonce, let found = claims["nonce"], found != .null { try checkNonce(claims, nonce) }
        guard try checkSubject(claims).isExactly(subject) else { throw .refreshedSubjectMismatch }
        if let accessToken { try checkAccessToken(claims, accessToken, algorithm) }
        return IDToken(claims, token, issuer: issuer, subject: subject, times: times)
    }

    /// Who made it, and for whom.
    private func checkOrigin(
        _ token: UnverifiedToken,
        _ keys: JSONWebKeySet
    ) throws(OpenIDConnectError) -> (claims: JSON, algorithm: SignatureAlgorithm) {
        let algorithm = try checkHeader(token)
        try token.checkSignature(algorithm, keys)
        guard let claims = try? JSON.parse(token.payload), claims.objectValue != nil else { throw .claimsMalformed }
        try checkIssuer(claims)
        try checkAudience(claims)
        return (claims, algorithm)
    }

    /// Rules 7 and 8 (algorithm), and RFC 8725 section 3.11: access and logout tokens share issuer and keys with ID
    /// tokens and must not pass for one. Logto's ID tokens have no `typ` since 1.42, and `JWT` before.
    private func checkHeader(_ token: UnverifiedToken) throws(OpenIDConnectError) -> SignatureAlgorithm {
        guard let algorithm = SignatureAlgorithm(token.algorithm.utf8), algorithms.contains(algorithm) else {
            throw .algorithmNotAllowed(token.algorithm)
        }
        if let type = token.type, !type.lowercased().isExactly("jwt") { throw .tokenTypeNotAllowed(type) }
        return algorithm
    }

    /// Rule 2.
    private func checkIssuer(_ claims: JSON) throws(OpenIDConnectError) {
        let found = claims["iss"]?.stringValue
        guard let found, found.isExactly(issuer) else { throw .issuerMismatch(found: found) }
    }

    /// Rules 3 to 5: we are an audience; with several, `azp` says that it was issued to us; and so it does wherever
    /// it stands.
    private func checkAudience(_ claims: JSON) throws(OpenIDConnectError) {
        let audiences: [String]
        if let single = claims["aud"]?.stringValue {
            audiences = [single]
        } else {
            let list = claims["aud"]?.arrayValue ?? []
            audiences = list.compactMap(\.stringValue)
            guard audiences.count == list.count else { throw .audienceMismatch }
        }
        guard audiences.contains(where: { $0.isExactly(clientID) }) else { throw .audienceMismatch }

        switch claims["azp"] {
        case nil, .null:
            guard audiences.count == 1 else { throw .authorizedPartyMismatch }
        case let value?:
            guard value.stringValue?.isExactly(clientID) == true else { throw .authorizedPartyMismatch }
        }
    }

    /// Rules 9, 10 and 13, and `nbf` (RFC 7519 section 4.1.5).
    private func checkTimes(_ claims: JSON, _ now: Instant, _ maxAge: Int?) throws(OpenIDConnectError) -> IDToken.Times
    {
        let latest = now.advanced(by: leeway)
        guard let expires = Instant(numericDate: claims["exp"]) else { throw .expiryUnusable }
        guard now < expires.advanced(by: leeway) else { throw .expired(at: expires, now: now) }

        guard let issued = Instant(numericDate: claims["iat"]), issued <= expires else { throw .issuedAtUnusable }
        guard issued <= latest else { throw .issuedInTheFuture(at: issued, now: now) }

        if let value = claims["nbf"], value != .null {
            guard let notBefore = Instant(numericDate: value) else { throw .notBeforeUnusable }
            guard notBefore <= latest else { throw .notYetValid(before: notBefore, now: now) }
        }

        let authenticated = Instant(numericDate: claims["auth_time"])
        if let maxAge {
            guard let authenticated, authenticated <= latest else { throw .authenticationTimeUnusable }
            guard now <= authenticated.advanced(by: .seconds(maxAge)).advanced(by: leeway) else {
                throw .authenticationTooOld(at: authenticated, now: now)
            }
        }
        return IDToken.Times(issued: issued, expires: expires, authenticated: authenticated)
    }

    /// Rule 11. We always send a nonce, so one that is missing or null is wrong.
    private func checkNonce(_ claims: JSON, _ nonce: String) throws(OpenIDConnectError) {
        guard
            !nonce.isEmpty, let found = claims["nonce"]?.stringValue,
            constantTimeEqual(Array(found.utf8), Array(nonce.utf8))
        else { throw .nonceMismatch }
    }

    /// Core section 2.
    private func checkSubject(_ claims: JSON) throws(OpenIDConnectError) -> String {
        guard
            let subject = claims["sub"]?.stringValue,
            (1...255).contains(subject.utf8.count), !subject.hasControls
        else { throw .subjectUnusable }
        return subject
    }

    /// Core section 3.1.3.6, which the code flow leaves to us: the token endpoint gave us both tokens in one answer.
    private func checkAccessToken(
        _ claims: JSON,
        _ accessToken: String,
        _ algorithm: SignatureAlgorithm
    ) throws(OpenIDConnectError) {
        guard let value = claims["at_hash"], value != .null else { return }
        guard let expected = Self.accessTokenHash(accessToken, algorithm) else { return }
        guard value.stringValue?.isExactly(expected) == true else { throw .accessTokenHashMismatch }
    }

    /// The left half of the hash that belongs to the signature's algorithm; `nil` for EdDSA, of which the specification
    /// does not say which hash it has.
    private static func accessTokenHash(_ accessToken: String, _ algorithm: SignatureAlgorithm) -> String? {
        let token = Array(accessToken.utf8)
        let hash: [UInt8]
        switch algorithm {
        case .ES256, .RS256, .PS256: hash = Digest.sha256(token)
        case .ES384, .RS384, .PS384: hash = Digest.sha384(token)
        case .ES512, .RS512, .PS512: hash = Digest.sha512(token)
        case .EdDSA: return nil
        }
        return Base64URL.encode(Array(hash.prefix(hash.count / 2)))
    }
}

extension UnverifiedToken {
    /// Rule 6. A key fits by id, type and curve, so that no key verifies what it was not made for.
    func checkSignature(_ algorithm: SignatureAlgorithm, _ keys: JSONWebKeySet) throws(OpenIDConnectError) {
        let candidates = keys.candidates(kid: keyID, algorithm: algorithm)
        guard !candidates.isEmpty else {
            if let kid = keyID, keys.contains(kid: kid) { throw .keyNotForAlgorithm(kid: kid) }
            throw .unknownKey(kid: keyID)
        }
        guard candidates.contains(where: { $0.isValid(signature, over: signingInput, with: algorithm) }) else {
            throw .signatureInvalid
        }
    }
}

extension Instant {
    /// A NumericDate (RFC 7519 section 2) from the epoch to the end of the year 9999, without its fraction. Anything
    /// else, milliseconds included, is no date: nothing is computed with it.
    init?(numericDate value: JSON?) {
        let range: ClosedRange<Int64> = 0...253_402_300_799
        if let seconds = value?.integerValue {
            guard range.contains(seconds) else { return nil }
            self.init(seconds: seconds)
            return
        }
        guard case .number(let number)? = value, let double = number.double else { return nil }
        // `Int64(exactly:)` of a rounded value is nil for what does not fit, infinity and NaN included.
        guard let seconds = Int64(exactly: double.rounded(.down)), range.contains(seconds) else { return nil }
        self.init(seconds: seconds)
    }
}
