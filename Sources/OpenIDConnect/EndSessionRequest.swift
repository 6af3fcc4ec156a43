/// Where to send the browser to sign out at the OP as well (OpenID Connect RP-Initiated Logout 1.0 section 2).
package struct EndSessionRequest: Sendable {
    /// The end-session endpoint with the whole request in its query. With a hint in it this is the one URL of ours that
    /// carries a token: it goes to the OP and into no log.
    package let url: String

    /// Hints above this many bytes are left out, since URLs that long break proxies. `client_id` says enough for Logto.
    package static let maximumHintBytes = 2_048

    /// `nil` when the OP has no end-session endpoint.
    ///
    /// - Parameters:
    ///   - clientID: Always sent: without it, and without a hint, Logto ignores the redirect URI.
    ///   - idTokenHint: The session's ID token, expired or not. Leave it out when its key is no longer published.
    ///   - postLogoutRedirectURI: Where the browser lands afterwards, as registered at the OP.
    ///   - state: Comes back to that URI; not sent without one.
    package init?(
        provider: Provider,
        clientID: String,
        idTokenHint: String? = nil,
        postLogoutRedirectURI: String? = nil,
        state: String? = nil
    ) {
        guard let endpoint = provider.endSessionEndpoint else { return nil }
        var items = [("client_id", clientID)]
        if let idTokenHint, idTokenHint.utf8.count <= Self.maximumHintBytes {
            items.append(("id_token_hint", idTokenHint))
        }
        if let postLogoutRedirectURI {
            items.append(("post_logout_redirect_uri", postLogoutRedirectURI))
            if let state { items.append(("state", state)) }
        }
        url = FormEncoding.appending(items, to: endpoint)
    }
}

extension EndSessionRequest: CustomStringConvertible, CustomDebugStringConvertible {
    /// It may hold an ID token.
    package var description: String { "(end-session request)" }
    /// As `description`.
    package var debugDescription: String { description }
}
