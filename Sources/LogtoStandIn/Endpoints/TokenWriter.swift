import Cryptography
import JSON

/// Writes JWTs in the forms of Logto 1.42 (specification 3.2, 3.3, 4.5).
enum TokenWriter {
    /// An ID token for this authority, spoiled if a test wants that.
    static func idToken(
        for user: User,
        _ authority: Authority,
        scopes: [String],
        accessToken: String?,
        _ state: StandInState,
        mutation: TokenMutation?
    ) throws(OAuthError) -> String {
        let client = state.clients[authority.clientID]
        let now = state.now
        var claims = user.claims(for: scopes, extended: state.knobs.extendedClaims)
        func add(_ name: String, _ value: JSON) { claims.append(JSONMember(name: name, value: value)) }
        if let nonce = authority.nonce { add("nonce", .string(nonce)) }
        if let sid = authority.sid { add("sid", .string(sid)) }
        if let authTime = authority.authTime { add("auth_time", JSON(authTime)) }
        if state.knobs.legacyIDTokens, let accessToken, let hash = accessTokenHash(accessToken, state) {
            add("at_hash", .string(hash))
        }
        add("aud", .string(authority.clientID))
        add("exp", JSON(now + (state.knobs.idTokenTTL ?? client?.idTokenTTL ?? 3600)))
        add("iat", JSON(now))
        add("iss", .string(state.issuer))
        return try write(
            claims,
            type: state.knobs.legacyIDTokens ? "JWT" : nil,
            state,
            secret: client?.secrets.first?.value,
            mutation: mutation
        )
    }

    /// A logout token (Back-Channel Logout 1.0 section 2.4).
    static func logoutToken(
        userID: String,
        clientID: String,
        sid: String?,
        _ state: StandInState,
        mutation: TokenMutation? = nil
    ) throws(OAuthError) -> String {
        let now = state.now
        var claims: [JSONMember] = [
            JSONMember(name: "sub", value: .string(userID)),
            JSONMember(name: "events", value: ["http://schemas.openid.net/event/backchannel-logout": [:]]),
            JSONMember(name: "jti", value: .string(Identifier.client())),
        ]
        if let sid { claims.append(JSONMember(name: "sid", value: .string(sid))) }
        claims += [
            JSONMember(name: "aud", value: .string(clientID)),
            JSONMember(name: "exp", value: JSON(now + 120)),
            JSONMember(name: "iat", value: JSON(now)),
            JSONMember(name: "iss", value: .string(state.issuer)),
        ]
        let secret = state.clients[clientID]?.secrets.first?.value
        return try write(claims, type: "logout+jwt", state, secret: secret, mutation: mutation)
    }

    /// Signs claims with the current key, or as the mutation says.
    static func write(
        _ claims: [JSONMember],
        type: String?,
        _ state: StandInState,
        secret: String?,
        mutation: TokenMutation?
    ) throws(OAuthError) -> String {
        if let token = mutation?.token { return token }
        let key = state.keys.current
        let usual = usualAlgorithm(state)
        var header = [JSONMember(name: "alg", value: .string(mutation?.algorithm ?? usual.rawValue))]
        if let type { header.append(JSONMember(name: "typ", value: .string(type))) }
        header.append(JSONMember(name: "kid", value: .string(key.id)))
        header = TokenMutation.apply(mutation?.header ?? [], to: header)
        let kept = claims.filter { !(mutation?.droppedClaims.contains($0.name) ?? false) }
        let payload =
            mutation?.payload.map { Array($0.utf8) }
            ?? JSON.object(kept.overlaid(with: mutation?.claims ?? [])).bytes
        let signed = Base64URL.encode(JSON.object(header).bytes) + "." + Base64URL.encode(payload)
        let signature = try signature(over: Array(signed.utf8), usual, state, secret: secret, mutation)
        return signed + "." + Base64URL.encode(signature)
    }

    private static func signature(
        over message: [UInt8],
        _ usual: SignatureAlgorithm,
        _ state: StandInState,
        secret: String?,
        _ mutation: TokenMutation?
    ) throws(OAuthError) -> [UInt8] {
        var key = state.keys.current
        if mutation?.algorithm?.lowercased() == "none" { return [] }
        if mutation?.algorithm == "HS256" {
            let hmacKey =
                mutation?.hmacKey == .publicKey ? key.jwk.bytes : Array((secret ?? "").utf8)
            return Digest.hmacSHA256(message, key: hmacKey)
        }
        let asked = mutation?.algorithm.flatMap { SignatureAlgorithm($0.utf8) }
        let algorithm = asked.flatMap { key.algorithms.contains($0) ? $0 : nil } ?? usual
        do throws(CryptographyError) {
            if mutation?.wrongKey == true { key = try PublishedKey(key.kind) }
            var signature = try key.key.sign(message, with: algorithm)
            if mutation?.badSignature == true { signature[signature.count / 2] ^= 1 }
            return signature
        } catch {
            throw .serverError
        }
    }

    private static func usualAlgorithm(_ state: StandInState) -> SignatureAlgorithm {
        let key = state.keys.current
        let wanted = state.knobs.signingAlgorithm.flatMap { SignatureAlgorithm($0.utf8) }
        return wanted.flatMap { key.algorithms.contains($0) ? $0 : nil } ?? key.algorithms[0]
    }

    /// Core 3.1.3.6, for the algorithms whose digest is SHA-256.
    private static func accessTokenHash(_ token: String, _ state: StandInState) -> String? {
        guard usualAlgorithm(state).rawValue.hasSuffix("256") else { return nil }
        return Base64URL.encode(Array(Digest.sha256(Array(token.utf8)).prefix(16)))
    }
}

extension [JSONMember] {
    /// These members, replaced or joined by others. A null stays: it is a claim's value.
    fileprivate func overlaid(with changes: [JSONMember]) -> [JSONMember] {
        var result = self
        for change in changes {
            if let index = result.firstIndex(where: { sameBytes($0.name, change.name) }) {
                result[index] = change
            } else {
                result.append(change)
            }
        }
        return result
    }
}
