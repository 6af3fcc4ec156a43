package import Cryptography
package import JSON
package import OpenIDConnect

/// What an application can verify for itself: who is signed in, said and signed by us (security rule 11).
package struct Assertion: Sendable {
    /// Never longer.
    package static let lifetime = Duration.seconds(60)
    /// The field it travels in.
    package static let fieldName = "X-Gatehouse-Assertion"

    /// A JWT.
    package let text: String
    /// From then on a new one is due, so that each is good for a while.
    package let renewAt: Instant
}

/// The keys we sign assertions with: one for each sealing key. The first signs, all are published.
package struct AssertionKeys: Sendable {
    private let signing: SigningKey
    private let signingID: String
    /// A JSON Web Key Set.
    package let published: JSON

    package init(_ sealingKeys: [SealingKey]) throws(CryptographyError) {
        var keys: [(key: SigningKey, id: String, jwk: JSON)] = []
        for sealingKey in sealingKeys {
            let key = try SigningKey.derived(from: sealingKey, for: "assertion")
            guard case .elliptic(_, let x, let y) = key.publicNumbers else { throw .algorithmRefused }
            let numbers: [JSONMember] = [
                JSONMember(name: "crv", value: "P-256"), JSONMember(name: "kty", value: "EC"),
                JSONMember(name: "x", value: .string(Base64URL.encode(x))),
                JSONMember(name: "y", value: .string(Base64URL.encode(y))),
            ]
            // RFC 7638: the required members alone, in the order of their names.
            let id = Base64URL.encode(Digest.sha256(JSON.object(numbers).bytes))
            let more: [JSONMember] = [
                JSONMember(name: "use", value: "sig"), JSONMember(name: "alg", value: "ES256"),
                JSONMember(name: "kid", value: .string(id)),
            ]
            keys.append((key, id, .object(numbers + more)))
        }
        guard let first = keys.first else { throw .noKeys }
        self.signing = first.key
        self.signingID = first.id
        self.published = ["keys": .array(keys.map(\.jwk))]
    }

    /// An assertion about a session.
    ///
    /// - Parameters:
    ///   - issuer: our origin.
    ///   - audience: the application it is for, and no other.
    ///   - sessionID: names the session and opens nothing.
    package func assertion(
        for session: Session,
        issuer: String,
        audience: String,
        sessionID: String,
        now: Instant
    ) throws(CryptographyError) -> Assertion {
        let expiry = min(now.advanced(by: Assertion.lifetime), session.expiresAt)
        let identity = session.identity
        let claims: JSON = [
            "iss": .string(issuer), "sub": .string(identity.subject), "aud": .string(audience),
            "iat": .number(JSONNumber(now.seconds)), "exp": .number(JSONNumber(expiry.seconds)),
            "sid": .string(sessionID), "roles": .array(identity.roles.map { .string($0) }),
        ]
        let header: JSON = ["alg": "ES256", "typ": "JWT", "kid": .string(self.signingID)]
        let message = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims.bytes)
        let signature = try self.signing.sign(Array(message.utf8), with: .ES256)
        return Assertion(
            text: message + "." + Base64URL.encode(signature),
            renewAt: now.advanced(by: Assertion.lifetime / 2)
        )
    }
}
