/// An application as registered with Logto (specification 1.6).
struct Client: Sendable {
    /// Logto's application types, as far as they differ on the wire.
    enum Kind: String, Sendable, CaseIterable {
        case traditional, spa, native, m2m
    }

    /// One of an application's secrets; several may be valid at once.
    struct Secret: Sendable {
        var name: String
        var value: String
        /// Unix seconds; never when nil.
        var expiresAt: Int64?
    }

    let id: String
    var kind = Kind.traditional
    var name: String?
    var secrets: [Secret] = []
    var isThirdParty = false
    var redirectURIs: [String] = []
    var postLogoutRedirectURIs: [String] = []
    var backchannelLogoutURI: String?
    var backchannelLogoutSessionRequired = false
    /// Seconds.
    var idTokenTTL: Int64 = 3600
    var refreshTokenTTLDays: Int64 = 14
    var alwaysIssueRefreshToken = false
    var rotateRefreshToken = true
    var allowTokenExchange = false

    /// Whether it has a secret to keep.
    var isConfidential: Bool { kind == .traditional || kind == .m2m }
    /// Whether tokens name the Logto session (specification 4.5).
    var wantsSessionID: Bool { backchannelLogoutURI != nil && backchannelLogoutSessionRequired }
}

/// One browser's session at the OP.
struct Session: Sendable {
    /// What a client has in this session.
    struct Authorization: Sendable {
        var sid: String
        var grantID: String?
        /// Granted with `offline_access`: the grant outlives the session.
        var persistsLogout = false
    }

    /// What the end-session page remembers until it is confirmed.
    struct Logout: Sendable {
        var secret: String
        var clientID: String?
        var postLogoutRedirectURI: String?
        var state: String?
    }

    /// The cookie's value; a new one at every sign-in.
    var id: String
    /// Stays the same while the user does.
    var uid: String
    var userID: String?
    var createdAt: Int64
    var expiresAt: Int64
    var signedInAt: Int64
    var authorizations: [String: Authorization] = [:]
    var logout: Logout?
}

/// A sign-in in progress, between two visits to `/oidc/auth`.
struct Interaction: Sendable {
    let uid: String
    var request: AuthorizationRequest
    /// What the user is asked for.
    var prompt: Prompt
    /// Prompts that were answered on the way.
    var answered: Set<Prompt> = []
    /// Who signed in, once somebody has.
    var userID: String?
    /// The error the application gets instead of a code.
    var refusal: OAuthError?
    var expiresAt: Int64
}

/// What a user allowed an application.
struct Grant: Sendable {
    let id: String
    let userID: String
    let clientID: String
    var scopes: [String]
    var expiresAt: Int64
}

/// What codes and tokens have in common.
struct Authority: Sendable {
    var userID: String
    var clientID: String
    var grantID: String
    var scopes: [String]
    /// The session's `uid`.
    var sessionUID: String
    /// Set when tokens name the session.
    var sid: String?
    var nonce: String?
    /// When the user signed in, where the ID token has to say so.
    var authTime: Int64?
    /// The token dies with the session.
    var isSessionBound: Bool
    /// The APIs that were asked for.
    var resources: [String] = []
    /// The scopes that were asked for and are none of OpenID Connect's.
    var permissions: [String] = []
}

/// An authorization code.
struct AuthorizationCode: Sendable {
    let value: String
    var authority: Authority
    var redirectURI: String
    var codeChallenge: String?
    var expiresAt: Int64
    var isConsumed = false
}

/// An opaque access token.
struct AccessToken: Sendable {
    let value: String
    var authority: Authority
    var issuedAt: Int64
    var expiresAt: Int64
}

/// A refresh token.
struct RefreshToken: Sendable {
    let value: String
    var authority: Authority
    /// When the first token of its chain was issued.
    var chainStartedAt: Int64
    var issuedAt: Int64
    var expiresAt: Int64
    var consumedAt: Int64?
}
