package import Cryptography
package import JSON

/// An access token that an API client brought, and that passed every rule: a JWT of the OP's own (RFC 9068), or an opaque
/// one that the OP called active (RFC 7662). Only `AccessTokenValidator` makes one.
package struct AccessToken: Sendable {
    /// The token's claims, or the introspection's members.
    package let claims: JSON
    /// `sub`; for a machine of its own it is the client's id.
    package let subject: String
    /// `client_id`: the application it was issued to.
    package let clientID: String
    /// `scope`; empty when nothing was granted.
    package let scope: String
    package let expiresAt: Instant

    fileprivate init(_ claims: JSON, subject: String, clientID: String, expiresAt: Instant) {
        self.claims = claims
        self.subject = subject
        self.clientID = clientID
        self.scope = claims["scope"]?.stringValue ?? ""
        self.expiresAt = expiresAt
    }
}

/// Why an access token is not accepted. Its text goes into `error_description`, so it names no value.
package enum AccessTokenError: String, Error, Sendable, Equatable {
    case malformed = "the token cannot be read"
    case wrongType = "the token is no access token"
    case wrongAlgorithm = "the token's algorithm is not allowed"
    case unknownKey = "the token's key is unknown"
    case badSignature = "the token's signature does not hold"
    case wrongIssuer = "the token is from another issuer"
    case wrongAudience = "the token is for another audience"
    case wrongClient = "the token was issued to another application"
    case expired = "the token has expired"
    case notYetValid = "the token is not valid yet"
    case incomplete = "the token lacks sub, exp or client_id"
    case inactive = "the token is not active"

    /// Whether fresh keys from the OP may change the verdict.
    package var isWorthFetchingKeys: Bool { self == .unknownKey || self == .badSignature }
}

/// Judges access tokens for one audience. An ID token, which shares issuer and keys, never passes (security rule 15).
package struct AccessTokenValidator: Sendable {
    private let issuer: String
    private let algorithms: [SignatureAlgorithm]
    private let leeway: Duration

    /// - Parameters:
    ///   - algorithms: What may have signed: the OP's list cut down to ours. Never taken from the token.
    ///   - leeway: Tolerance for a token that begins in our future. Its end is its end: it becomes a session's.
    package init(issuer: String, algorithms: [SignatureAlgorithm], leeway: Duration) {
        self.issuer = issuer
        self.algorithms = algorithms
        self.leeway = leeway
    }

    /// Judges a JWT: `typ` first, then algorithm, key and signature, and only then what it says.
    package func validate(
        _ text: String,
        keys: JSONWebKeySet,
        audiences: [String],
        now: Instant
    ) throws(AccessTokenError) -> AccessToken {
        guard let token = try? UnverifiedToken(text) else { throw .malformed }
        let type = token.type?.lowercased() ?? ""
        guard type.isExactly("at+jwt") || type.isExactly("application/at+jwt") else { throw .wrongType }
        guard let algorithm = SignatureAlgorithm(token.algorithm.utf8), self.algorithms.contains(algorithm) else {
            throw .wrongAlgorithm
        }
        let candidates = keys.candidates(kid: token.keyID, algorithm: algorithm)
        guard !candidates.isEmpty else { throw .unknownKey }
        guard candidates.contains(where: { $0.isValid(token.signature, over: token.signingInput, with: algorithm) })
        else { throw .badSignature }
        guard let claims = try? JSON.parse(token.payload), claims.objectValue != nil else { throw .malformed }
        guard claims["iss"]?.stringValue?.isExactly(self.issuer) == true else { throw .wrongIssuer }
        guard Self.audiences(of: claims).contains(where: { found in audiences.contains { $0.isExactly(found) } }) else {
            throw .wrongAudience
        }
        return try self.token(claims, now: now)
    }

    /// Judges the answer of the introspection endpoint to an opaque token, which has no audience: it must have been
    /// issued to one of these applications.
    package func judge(introspection: JSON, clients: [String], now: Instant) throws(AccessTokenError) -> AccessToken {
        guard introspection["active"]?.boolValue == true else { throw .inactive }
        // A refresh token is active too, and says no type.
        guard introspection["token_type"]?.stringValue?.lowercased().isExactly("bearer") == true else {
            throw .wrongType
        }
        if let issuer = introspection["iss"], issuer != .null {
            guard issuer.stringValue?.isExactly(self.issuer) == true else { throw .wrongIssuer }
        }
        let token = try self.token(introspection, now: now)
        guard clients.contains(where: { $0.isExactly(token.clientID) }) else { throw .wrongClient }
        return token
    }

    private func token(_ claims: JSON, now: Instant) throws(AccessTokenError) -> AccessToken {
        guard let subject = claims["sub"]?.stringValue, (1...255).contains(subject.utf8.count), !subject.hasControls,
            let clientID = claims["client_id"]?.stringValue, !clientID.isEmpty,
            let expiry = Self.instant(claims["exp"])
        else { throw .incomplete }
        guard now < expiry else { throw .expired }
        for name in ["nbf", "iat"] {
            guard let value = claims[name], value != .null else { continue }
            guard let start = Self.instant(value), start <= now.advanced(by: self.leeway) else { throw .notYetValid }
        }
        return AccessToken(claims, subject: subject, clientID: clientID, expiresAt: expiry)
    }

    private static func audiences(of claims: JSON) -> [String] {
        if let single = claims["aud"]?.stringValue { return [single] }
        return (claims["aud"]?.arrayValue ?? []).compactMap(\.stringValue)
    }

    /// Whole seconds between 1970 and 9999.
    private static func instant(_ value: JSON?) -> Instant? {
        guard let seconds = value?.integerValue, (0...253_402_300_799).contains(seconds) else { return nil }
        return Instant(seconds: seconds)
    }
}
