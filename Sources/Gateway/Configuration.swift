package import Access
package import Cryptography
package import NIOCore
package import OpenIDConnect
package import Redis

/// Every setting as a value, with its default. Reading it from a file is the command's business.
///
/// The names are those of `config.example.toml`, where each is explained.
package struct Configuration: Sendable {
    package var server: Server
    package var admin = Admin()
    package var check = Check()
    package var provider: ProviderSettings
    /// Further ones, for the routes that name them.
    package var moreProviders: [ProviderSettings] = []
    package var signIn = SignInSettings()
    package var session = SessionSettings()
    package var cookie = CookieSettings()
    package var redis: RedisConfiguration?
    package var redisKeyPrefix = "gatehouse:"
    package var paths = Paths()
    package var timeouts = Timeouts()
    package var tls = TLS()
    package var limits = Limits()
    package var log = Log()
    /// At least one; the table they make has been checked.
    package var routes: [Route]
    /// What the routes' policies require: where their requirements come from.
    package var requirements = Requirements()
    /// Where `Route.upstream` points into.
    package var upstreams: [Upstream]

    /// All of them, as `Route.provider` counts.
    package var providers: [ProviderSettings] { [self.provider] + self.moreProviders }

    package init(
        server: Server,
        provider: ProviderSettings,
        routes: [Route],
        upstreams: [UpstreamAddress]
    ) {
        self.server = server
        self.provider = provider
        self.routes = routes
        self.upstreams = upstreams.map { Upstream([$0]) }
    }

    /// A TCP address or a unix socket to listen on.
    package struct ListenAddress: Sendable, Equatable {
        package var host: String
        package var port: Int
        /// The path of a unix socket, in place of host and port.
        package var unixPath: String?

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        package init(unixPath: String) {
            self.host = ""
            self.port = 0
            self.unixPath = unixPath
        }
    }

    /// Scheme and host under which browsers reach us.
    package struct PublicURL: Sendable {
        package var scheme: Scheme
        package var authority: Authority

        package init(scheme: Scheme, authority: Authority) {
            self.scheme = scheme
            self.authority = authority
        }
    }

    package struct Server: Sendable {
        /// At least one.
        package var listeners: [Listener]
        package var publicURL: PublicURL
        package var insecureHTTP = false
        /// Permission bits of unix sockets.
        package var socketMode: UInt32 = 0o660
        /// Sockets that the service manager has handed over, by name.
        package var inheritedSockets: [String: CInt] = [:]
        /// Whose connections begin with a PROXY protocol header, which is believed.
        package var proxyProtocolFrom: [AddressRange] = []
        package var proxyProtocolFromUnix = false
        /// HTTP/2, by ALPN where there is TLS, by prior knowledge where there is none.
        package var http2 = true
        /// 0: one for each processor.
        package var workers = 0
        package var trustedProxies: [AddressRange] = []
        /// Whether whoever may connect to a unix socket of ours is one of them.
        package var trustsUnixSockets = false
        package var drainTimeout = TimeAmount.seconds(30)
        /// Between "not ready" and the end of serving.
        package var drainDelay = TimeAmount.zero
        /// How often the configuration's files are looked at; zero: never.
        package var reloadInterval = TimeAmount.seconds(10)
        /// Whether upstreams get `Forwarded` beside `X-Forwarded-*` (RFC 7239).
        package var sendsForwarded = false

        package init(listen: ListenAddress, publicURL: PublicURL) {
            self.listeners = [Listener(listen)]
            self.publicURL = publicURL
        }
    }

    package struct Admin: Sendable {
        package var listen = ListenAddress(host: "127.0.0.1", port: 9090)
        /// Opens the administration of sessions; `nil`: nobody may.
        package var token: Secret?

        package init() {}
    }

    /// The questions of front proxies.
    package struct Check: Sendable {
        /// `nil`: they are answered on `server.listen`.
        package var listen: ListenAddress?

        package init() {}
    }

    package struct ProviderSettings: Sendable, Equatable {
        /// By which routes name it; empty for the first.
        package var name = ""
        package var issuer: String
        package var client: Client
        /// Empty: no `prompt` is sent.
        package var prompt = "consent"
        /// Replaces scheme and host of the endpoints we call ourselves.
        package var backChannelURL: String?
        /// Replaces scheme and host of the endpoints browsers are sent to.
        package var browserURL: String?
        package var caFile: String?
        package var caDirectory: String?
        /// A digest of what is in `caFile`: other authorities are another setting.
        package var authorities: [UInt8] = []
        package var insecureHTTP = false
        package var timeout = Duration.seconds(10)
        package var maximumResponseBytes = 1 << 20
        package var clockSkew = Duration.seconds(60)
        /// So long after a refresh token was presented without an answer it may be presented again.
        package var refreshRetry = Duration.seconds(3)
        /// Signs Logto's webhooks; `nil`: none are taken.
        package var webhookKey: Secret?

        package init(issuer: String, client: Client) {
            self.issuer = issuer
            self.client = client
        }
    }

    package struct SignInSettings: Sendable {
        package var options = SignInOptions()
        /// Whether a link may bring a one-time token, and so decide who signs in.
        package var oneTimeTokens = false
        package var timeout = Duration.seconds(600)

        package init() {}
    }

    package enum StoreKind: String, Sendable, CaseIterable {
        case memory
        case redis
    }

    package struct SessionSettings: Sendable {
        package var store = StoreKind.memory
        package var lifetime = Duration.seconds(14 * 86_400)
        package var idle = Duration.seconds(86_400)
        package var refreshAhead = Duration.seconds(300)
        /// Zero: never.
        package var revalidateAfter = Duration.seconds(12 * 3600)
        /// Empty: one is made at start, which only the memory store allows.
        package var keys: [SealingKey] = []
        package var maximumInMemory = 100_000
        /// Origins beside our own whose pages may ask who is signed in.
        package var corsOrigins: [String] = []
        /// Which tokens pages of our own origin may have.
        package var tokens = PageTokens()
        /// Of each worker's opened sessions.
        package var cacheBytes = 8 << 20
        /// How long tunnels and streams outlast their session.
        package var liveGrace = Duration.zero
        /// How often a tunnel or a stream is asked whether its session is still there. `nil`: every minute, and every five
        /// seconds while the store does not tell of changes.
        package var liveCheck: Duration?

        package init() {}
    }

    /// What the token endpoint gives out; nothing by default, and then it is not there.
    package struct PageTokens: Sendable {
        /// The APIs.
        package var resources: [String] = []
        /// Whether there are tokens for the user's organizations, too.
        package var forOrganizations = false

        package init() {}

        var isNone: Bool { self.resources.isEmpty && !self.forOrganizations }

        /// What has to be asked for at sign-in.
        var asked: [String] { self.resources + (self.forOrganizations ? [UpstreamToken.organizationsResource] : []) }
    }

    package struct CookieSettings: Sendable {
        /// Without the prefix that follows from `publicURL`.
        package var name = "gatehouse"
        package var sameSite = SetCookie.SameSite.lax

        package init() {}
    }

    /// Our own endpoints, as absolute paths.
    package struct Paths: Sendable {
        package var prefix = "/_gatehouse"
        package var signIn = "/_gatehouse/sign-in"
        package var callback = "/_gatehouse/callback"
        package var register = "/_gatehouse/register"
        package var signOut = "/_gatehouse/sign-out"
        package var session = "/_gatehouse/session"
        package var signedOut = "/_gatehouse/signed-out"
        /// Where else a sign-out may end, as absolute URLs.
        package var signedOutTargets: [String] = []

        package init() {}

        /// All of them below `prefix`.
        package init(prefix: String) {
            self.prefix = prefix
            self.signIn = prefix + "/sign-in"
            self.callback = prefix + "/callback"
            self.register = prefix + "/register"
            self.signOut = prefix + "/sign-out"
            self.session = prefix + "/session"
            self.signedOut = prefix + "/signed-out"
        }
    }

    package struct Timeouts: Sendable {
        package var requestHeader = TimeAmount.seconds(10)
        package var idleBody = TimeAmount.seconds(60)
        package var idleTunnel = TimeAmount.seconds(600)
        package var keepAlive = TimeAmount.seconds(75)
        package var upstreamConnect = TimeAmount.seconds(5)
        package var upstreamResponse = TimeAmount.seconds(60)
        package var upstreamKeepAlive = TimeAmount.seconds(60)
        /// In each such time a request's body brings what `Limits.bodyRate` asks for.
        package var slowBody = TimeAmount.seconds(30)
        /// How long a connection to a name is believed to lead where the name leads.
        package var upstreamName = TimeAmount.seconds(30)

        package init() {}
    }

    package struct Limits: Sendable {
        package var headerBytes = 32 << 10
        package var headerFields = 100
        /// Of all fields by which an upstream is told who is signed in.
        package var identityBytes = IdentityFields.maximumSize
        /// Concurrent exchanges on one HTTP/2 connection.
        package var http2Streams = 100
        package var upstreamIdleConnections = 64
        /// 0, here and below: no limit.
        package var bodyBytes = 0
        /// Bytes that a request's body brings in a second, on the average, while nobody holds it back.
        package var bodyRate = 100
        package var connections = 0
        package var connectionsPerAddress = 0
        package var signInsPerMinute = 0

        package init() {}
    }
}
