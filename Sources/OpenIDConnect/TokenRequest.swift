private import Cryptography

/// What a token is, to help the OP find it (RFC 7009 section 2.1).
package enum TokenTypeHint: String, Sendable, CaseIterable {
    /// An access token.
    case accessToken = "access_token"
    /// A refresh token.
    case refreshToken = "refresh_token"
}

/// A form to post to the token or revocation endpoint, with the client's proof of identity.
///
/// Send it as `application/x-www-form-urlencoded`. Both members hold secrets; neither prints.
package struct TokenRequest: Sendable {
    /// The form.
    package let body: [UInt8]
    /// The `Authorization` field; `nil` when the credentials are in the body.
    package let authorization: String?

    /// The `Content-Type` of `body`.
    package static let contentType = "application/x-www-form-urlencoded"

    /// Redeems a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5). `redirectURI` is the one of the authorization
    /// request.
    package static func code(_ code: String, redirectURI: String, verifier: String, client: Client) -> TokenRequest {
        TokenRequest(
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
                ("code_verifier", verifier),
            ],
            client
        )
    }

    /// Uses a refresh token (RFC 6749 section 6).
    ///
    /// - Parameters:
    ///   - scope: Fewer scopes than were granted, separated by spaces; `nil` for all of them.
    ///   - resource: The API the access token is for (RFC 8707).
    ///   - organizationID: Logto's `organization_id`, for an organization token.
    package static func refresh(
        _ refreshToken: String,
        scope: String? = nil,
        resource: String? = nil,
        organizationID: String? = nil,
        client: Client
    ) -> TokenRequest {
        var items = [("grant_type", "refresh_token"), ("refresh_token", refreshToken)]
        if let scope { items.append(("scope", scope)) }
        if let resource { items.append(("resource", resource)) }
        if let organizationID { items.append(("organization_id", organizationID)) }
        return TokenRequest(items, client)
    }

    /// Asks whether an opaque token is active (RFC 7662 section 2.1).
    package static func introspection(_ token: String, client: Client) -> TokenRequest {
        TokenRequest([("token", token)], client)
    }

    /// Turns one of Logto's personal access tokens into an access token for an API (RFC 8693 section 2.1).
    package static func exchange(personalAccessToken: String, resource: String, client: Client) -> TokenRequest {
        TokenRequest(
            [
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", personalAccessToken),
                ("subject_token_type", "urn:logto:token-type:personal_access_token"), ("resource", resource),
            ],
            client
        )
    }

    /// Ends a token, and at Logto its whole grant (RFC 7009 section 2.1).
    package static func revocation(_ token: String, hint: TokenTypeHint?, client: Client) -> TokenRequest {
        var items = [("token", token)]
        if let hint { items.append(("token_type_hint", hint.rawValue)) }
        return TokenRequest(items, client)
    }

    private init(_ items: [(String, String)], _ client: Client) {
        var form = FormEncoding.encode(items)
        var authorization: String?
        switch (client.authentication, client.secret) {
        case (.basic, let secret?):
            // Both parts are form-encoded first, or a colon in the id would end it (RFC 6749 section 2.3.1).
            let credentials =
                Self.escaped(FormEncoding.encode(client.id)) + ":"
                + secret.withBytes { Self.escaped(FormEncoding.encode($0)) }
            authorization = "Basic " + Base64.encode(Array(credentials.utf8))
        case (.post, let secret?):
            form += "&" + FormEncoding.encode([("client_id", client.id)])
            form += "&client_secret=" + secret.withBytes { FormEncoding.encode($0) }
        case (.none, _), (.basic, nil), (.post, nil):
            form += "&" + FormEncoding.encode([("client_id", client.id)])
        }
        body = Array(form.utf8)
        self.authorization = authorization
    }

    /// A space as `%20`: form decoders read it as they read `+`, and the servers that only undo percent-encoding do, too.
    private static func escaped(_ encoded: String) -> String {
        String(
            decoding: encoded.utf8.flatMap { $0 == UInt8(ascii: "+") ? Array("%20".utf8) : [$0] },
            as: UTF8.self
        )
    }
}

extension TokenRequest: CustomStringConvertible, CustomDebugStringConvertible {
    /// Always the same words.
    package var description: String { "(token request)" }
    /// As `description`.
    package var debugDescription: String { description }
}
