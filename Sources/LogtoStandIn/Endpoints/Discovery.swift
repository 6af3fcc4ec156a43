import Cryptography
import JSON
import NIOHTTP1

/// `/oidc/.well-known/openid-configuration` and `/oidc/jwks` (specification 9.3, 9.4).
enum Discovery {
    static func document(_ request: Request, _ state: StandInState) -> Response {
        let base = state.base(of: request)
        var members = fixedMembers(base: base, issuer: state.issuer, algorithms: state.keys.idTokenAlgorithms)
        if !state.knobs.sendsIssuer {
            members.removeAll { $0.name == "authorization_response_iss_parameter_supported" }
        }
        for change in state.knobs.discovery {
            members.removeAll { $0.name == change.name }
            if change.value != .null { members.append(change) }
        }
        return conditional(.json(.object(members)), request)
    }

    static func keys(_ request: Request, _ state: StandInState) -> Response {
        let response = Response.json(state.keys.jwks)
            .with("Content-Type", "application/jwk-set+json; charset=utf-8")
            .with("Cache-Control", "no-cache, max-age=0, must-revalidate")
        return conditional(response, request)
    }

    /// Adds an entity tag and answers 304 to whoever has the body already (RFC 9110 section 13.1.2).
    private static func conditional(_ response: Response, _ request: Request) -> Response {
        let digest = Base64URL.encode(Array(Digest.sha256(response.body).prefix(20)))
        let tag = "\"\(String(response.body.count, radix: 16))-\(digest)\""
        let tagged = response.with("ETag", tag).with("Vary", "Origin").with("Access-Control-Allow-Origin", "*")
        let known = request.headers["if-none-match"].joined(separator: ",").split(separator: ",").map { tag in
            tag.filter { $0 != " " }
        }
        guard known.contains(where: { $0 == tag || $0 == "W/" + tag || $0 == "*" }) else { return tagged }
        var unchanged = Response(status: 304, headers: tagged.headers)
        unchanged.headers.remove(name: "Content-Type")
        return unchanged
    }

    /// The document of Logto 1.42, in its order (specification 1.2).
    private static func fixedMembers(base: String, issuer: String, algorithms: [String]) -> [JSONMember] {
        let document: JSON = [
            "authorization_endpoint": "\(base)/oidc/auth",
            "device_authorization_endpoint": "\(base)/oidc/device/auth",
            "claims_parameter_supported": false,
            "claims_supported": [
                "sub", "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
                "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "username",
                "created_at", "email", "email_verified", "phone_number", "phone_number_verified", "address",
                "custom_data", "identities", "sso_identities", "roles", "organizations", "organization_data",
                "organization_roles", "sid", "auth_time", "iss",
            ],
            "code_challenge_methods_supported": ["S256"],
            "end_session_endpoint": "\(base)/oidc/session/end",
            "grant_types_supported": [
                "implicit", "authorization_code", "refresh_token", "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
            ],
            "issuer": .string(issuer),
            "jwks_uri": "\(base)/oidc/jwks",
            "authorization_response_iss_parameter_supported": true,
            "response_modes_supported": ["form_post", "fragment", "query"],
            "response_types_supported": ["code id_token", "code", "id_token", "none"],
            "scopes_supported": JSON(Scope.supported),
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic", "client_secret_jwt", "client_secret_post", "private_key_jwt", "none",
            ],
            "token_endpoint_auth_signing_alg_values_supported": [
                "HS256", "RS256", "PS256", "ES256", "Ed25519", "EdDSA",
            ],
            "token_endpoint": "\(base)/oidc/token",
            "id_token_signing_alg_values_supported": JSON(algorithms),
            "pushed_authorization_request_endpoint": "\(base)/oidc/request",
            "request_uri_parameter_supported": false,
            "userinfo_endpoint": "\(base)/oidc/me",
            "introspection_endpoint": "\(base)/oidc/token/introspection",
            "revocation_endpoint": "\(base)/oidc/token/revocation",
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "claim_types_supported": ["normal"],
        ]
        return document.objectValue ?? []
    }
}

/// Scopes the stand-in knows.
enum Scope {
    static let supported = [
        "openid", "offline_access", "profile", "email", "phone", "address", "custom_data", "identities", "roles",
        "urn:logto:scope:organizations", "urn:logto:scope:organization_roles", "urn:logto:scope:sessions",
        "urn:logto:scope:trusted_devices",
    ]

    /// The known ones of a space-separated list, each once, in the order asked.
    static func known(in text: String) -> [String] {
        var scopes: [String] = []
        for part in text.split(separator: " ").map(String.init)
        where supported.contains(part) && !scopes.contains(part) {
            scopes.append(part)
        }
        return scopes
    }
}
