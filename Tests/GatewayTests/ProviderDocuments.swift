import Cryptography
import JSON

/// What a provider says of itself.
enum ProviderDocuments {
    /// What stands at `/.well-known/openid-configuration`.
    static func discovery(_ issuer: String) -> String {
        let json: JSON = [
            "issuer": .string(issuer), "authorization_endpoint": .string(issuer + "/auth"),
            "token_endpoint": .string(issuer + "/token"), "jwks_uri": .string(issuer + "/jwks"),
            "id_token_signing_alg_values_supported": ["ES256"],
        ]
        return text(json.bytes)
    }

    /// A key set with a key of its own, which nobody signs with.
    static func keys() throws -> String {
        let key = try SigningKey.generate(.elliptic(.p256))
        guard case .elliptic(_, let x, let y) = key.publicNumbers else { return "" }
        let json: JSON = [
            "keys": [
                [
                    "kty": "EC", "crv": "P-256", "kid": "1", "x": .string(Base64URL.encode(x)),
                    "y": .string(Base64URL.encode(y)),
                ]
            ]
        ]
        return text(json.bytes)
    }
}
