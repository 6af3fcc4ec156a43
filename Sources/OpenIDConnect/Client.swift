package import Cryptography

/// How we prove who we are at the token and revocation endpoints (OpenID Connect Core section 9).
///
/// The raw values are those of `token_endpoint_auth_method`.
package enum ClientAuthentication: String, Sendable, CaseIterable {
    /// `Authorization: Basic` of the form-encoded id and secret (RFC 6749 section 2.3.1).
    case basic = "client_secret_basic"
    /// Id and secret in the form body.
    case post = "client_secret_post"
    /// A public client: its id alone; PKCE is the proof.
    case none
}

/// Us, as registered at the OP. The redirect URI goes with each request: one gateway answers for many hosts.
package struct Client: Sendable, Equatable {
    /// `client_id`.
    package let id: String
    /// `client_secret`.
    package let secret: Secret?
    /// `none` when there is no secret, whatever was asked for.
    package let authentication: ClientAuthentication
    /// What we ask for, without repetition; `openid` is always among them.
    package let scopes: [String]

    /// What Gatehouse asks for when nothing else is configured.
    package static let defaultScopes = ["openid", "offline_access", "profile", "email", "roles"]

    /// Takes what it is given; whether `scopes` are well-formed is for whoever reads the configuration to ask.
    package init(
        id: String,
        secret: Secret?,
        authentication: ClientAuthentication = .basic,
        scopes: [String] = Client.defaultScopes
    ) {
        self.id = id
        self.secret = secret
        self.authentication = secret == nil ? .none : authentication
        var unique: [String] = []
        for scope in ["openid"] + scopes where !unique.contains(where: { $0.isExactly(scope) }) {
            unique.append(scope)
        }
        self.scopes = unique
    }

    /// Whether `text` can be one scope: printable ASCII without space, `"` and `\` (RFC 6749 section 3.3).
    package static func isScope(_ text: String) -> Bool {
        text.isVisibleASCII && !text.utf8.contains(UInt8(ascii: "\"")) && !text.utf8.contains(UInt8(ascii: "\\"))
    }
}
