/// Where to send the browser for a sign-in: authorization code flow with PKCE, state and nonce
/// (OpenID Connect Core section 3.1.2.1, RFC 7636 section 4.3).
package struct AuthorizationRequest: Sendable, Equatable {
    /// The authorization endpoint with the whole request in its query.
    package let url: String

    /// - Parameters:
    ///   - provider: Whose authorization endpoint to use.
    ///   - client: Its id and scopes are sent.
    ///   - redirectURI: Our callback, as registered at the OP.
    ///   - state: Comes back untouched; at least 256 random bits.
    ///   - nonce: Comes back inside the ID token; at least 256 random bits.
    ///   - challenge: `ProofKey.challenge`.
    ///   - prompt: As configured; `nil` or empty sends none. Logto gives a refresh token only for one with `consent`.
    ///   - parameters: Logto's extras.
    ///   - maxAge: The longest the end-user's authentication may lie back, in seconds.
    ///   - acrValues: Authentication context classes wanted, the best first.
    ///   - resources: The APIs for which tokens will be asked later (RFC 8707 section 2.1).
    package init(
        provider: Provider,
        client: Client,
        redirectURI: String,
        state: String,
        nonce: String,
        challenge: String,
        prompt: String? = nil,
        parameters: SignInParameters = SignInParameters(),
        maxAge: Int? = nil,
        acrValues: [String] = [],
        resources: [String] = []
    ) {
        var items = [
            ("client_id", client.id),
            ("redirect_uri", redirectURI),
            ("response_type", "code"),
            ("scope", client.scopes.joined(separator: " ")),
        ]
        if let prompt, !prompt.isEmpty { items.append(("prompt", prompt)) }
        items += [
            ("state", state),
            ("nonce", nonce),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ]
        if let maxAge { items.append(("max_age", String(maxAge))) }
        if !acrValues.isEmpty { items.append(("acr_values", acrValues.joined(separator: " "))) }
        items += resources.map { ("resource", $0) }
        items += parameters.queryItems
        url = FormEncoding.appending(items, to: provider.authorizationEndpoint)
    }
}

extension FormEncoding {
    /// `url` with `items` in its query; a query it already has is kept (RFC 6749 section 3.1).
    static func appending(_ items: [(String, String)], to url: String) -> String {
        guard !items.isEmpty else { return url }
        let separator =
            switch url.utf8.last {
            case UInt8(ascii: "?"), UInt8(ascii: "&"): ""
            default: url.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"
            }
        return url + separator + encode(items)
    }
}
