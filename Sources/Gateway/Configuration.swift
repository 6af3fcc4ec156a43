package import Access
package import Cryptography
package import Logging
package import NIOCore
package import OpenIDConnect
package import Redis

/// Every setting as a value, with its default. Reading it from a file is the command's business.
///
/// The names are those of `config.example.toml`, where each is explained.
package struct Configuration: Sendable {
    package var server: Server
    package var admin = Admin()
    package var provider: ProviderSettings
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
    /// Where `Route.upstream` points into.
    package var upstreams: [UpstreamAddress]

    package init(
        server: Server,
        provider: ProviderSettings,
        routes: [Route],
        upstreams: [UpstreamAddress]
    ) {
        self.server = server
        self.provider = provider
        self.routes = routes
        self.upstreams = upstreams
    }

    /// A TCP address to listen on.
    package struct ListenAddress: Sendable, Equatable {
        package var host: String
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
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
        /// Whether who connects by a unix socket is one of our proxies.
        package var trustsUnixPeers = false
        package var drainTimeout = TimeAmount.seconds(30)

        package init(listen: ListenAddress, publicURL: PublicURL) {
            self.listeners = [Listener(on: .address(listen))]
            self.publicURL = publicURL
        }
    }

    package struct Admin: Sendable {
        package var listen = ListenAddress(host: "127.0.0.1", port: 9090)

        package init() {}
    }

    package struct ProviderSettings: Sendable {
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
        package var insecureHTTP = false
        package var timeout = Duration.seconds(10)
        package var maximumResponseBytes = 1 << 20
        package var clockSkew = Duration.seconds(60)

        package init(issuer: String, client: Client) {
            self.issuer = issuer
            self.client = client
        }
    }

    package struct SignInSettings: Sendable {
        package var parameters = SignInParameters()
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
        /// Empty: one is made at start, which only the memory store allows.
        package var keys: [SealingKey] = []
        package var maximumInMemory = 100_000

        package init() {}
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
        package var signOut = "/_gatehouse/sign-out"
        package var session = "/_gatehouse/session"
        package var signedOut = "/_gatehouse/signed-out"

        package init() {}

        /// All of them below `prefix`.
        package init(prefix: String) {
            self.prefix = prefix
            self.signIn = prefix + "/sign-in"
            self.callback = prefix + "/callback"
            self.signOut = prefix + "/sign-out"
            self.session = prefix + "/session"
            self.signedOut = prefix + "/signed-out"
        }
    }

    package struct Timeouts: Sendable {
        package var requestHeader = TimeAmount.seconds(10)
        package var idleBody = TimeAmount.seconds(60)
        package var keepAlive = TimeAmount.seconds(75)
        package var upstreamConnect = TimeAmount.seconds(5)
        package var upstreamResponse = TimeAmount.seconds(60)
        package var upstreamKeepAlive = TimeAmount.seconds(60)

        package init() {}
    }

    package struct Limits: Sendable {
        package var headerBytes = 32 << 10
        package var headerFields = 100
        /// Concurrent exchanges on one HTTP/2 connection.
        package var http2Streams = 100
        package var upstreamIdleConnections = 64

        package init() {}
    }

    package enum LogFormat: String, Sendable, CaseIterable {
        case auto
        case json
        case text
    }

    package struct Log: Sendable {
        package var level = Logger.Level.info
        package var format = LogFormat.auto
        package var access = true

        package init() {}
    }
}
