import JSON

/// What a test may turn, with Logto's own values as defaults.
struct Knobs: Sendable {
    /// When a refresh token is replaced.
    enum Rotation: String, Sendable, CaseIterable {
        /// Logto's rule: confidential clients after 70 % of its life, public clients always.
        case logto
        case always
        case never
    }

    /// The user who is signed in without a page, by any name; nil shows the page.
    var automaticUser: String?
    /// Lifetimes in seconds.
    var codeTTL: Int64 = 60
    var accessTokenTTL: Int64 = 3600
    /// Overrides the clients' own when set.
    var idTokenTTL: Int64?
    var refreshTokenTTL: Int64?
    var sessionTTL: Int64 = 1_209_600
    var grantTTL: Int64 = 15_552_000
    var interactionTTL: Int64 = 3600
    var rotation = Rotation.logto
    /// How long a consumed refresh token still works.
    var reuseLeeway: Int64 = 3
    var extendedClaims = User.ExtendedClaims.seeded
    var unknownSessionRedirectURL: String?
    /// Build endpoint URLs from `X-Forwarded-Proto` and `X-Forwarded-Host`.
    var trustsProxyHeader = false
    /// Send `iss` with authorization responses (RFC 9207) and say so in discovery.
    var sendsIssuer = true
    /// ID tokens as before 1.42: `typ` in the header, `at_hash` in the payload.
    var legacyIDTokens = false
    /// What RSA keys sign with, such as "PS256"; RS256 when nil.
    var signingAlgorithm: String?
    /// Members of the discovery document to replace; null removes one.
    var discovery: [JSONMember] = []
    /// Who is told of suspended and deleted users.
    var webhook: Webhook?
    /// Compress answers above 1 kB for clients that accept gzip.
    var compresses = true
}
