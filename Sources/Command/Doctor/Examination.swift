import Access
import BackChannel
import Cryptography
import Gateway
import NIOCore
import NIOPosix
import NIOSSL

/// One visit of the doctor: what it knows, and what it has found. Everything is asked one after the other, each request
/// with a deadline, no more than `maximumRequests` of them and no longer than `maximumTime`.
struct Examination {
    let configuration: Configuration
    let places: SettingPlaces
    let front: FrontAddress
    let group: MultiThreadedEventLoopGroup
    let timeout: TimeAmount
    let tls: NIOSSLContext?
    /// Where the witness listens, and under which path it is to be reached.
    var witness: (witness: Witness, path: String)?
    /// The `Cookie` field of a browser that is signed in.
    var cookies: String?
    /// Whether the doctor stands where the upstreams may be reached, as on the gateway's own machine.
    var isBesideGateway = false
    var report = DoctorReport()
    /// Requests that must not pass, and of which cannot be told.
    var unclear: [String] = []

    /// All in all; a bound for whoever watches the logs.
    static let maximumRequests = 600
    static let maximumTime = Duration.seconds(300)
    /// What somebody else's host is called in forged requests; it has no address (RFC 6761).
    static let elsewhere = "doctor-elsewhere.invalid"
    private var requests = 0
    private let startedAt = ContinuousClock.now

    init(
        configuration: Configuration,
        places: SettingPlaces,
        front: FrontAddress,
        group: MultiThreadedEventLoopGroup,
        timeout: TimeAmount,
        tls: NIOSSLContext?
    ) {
        self.configuration = configuration
        self.places = places
        self.front = front
        self.group = group
        self.timeout = timeout
        self.tls = tls
    }

    mutating func run() async {
        await self.examineProviders()
        if await self.examineFrontDoor() {
            await self.examinePaths()
            await self.examineDiversions()
            await self.examineIdentity()
            await self.examineAsking()
            await self.examineSession()
        }
        if let example = self.unclear.first {
            self.report.cannotSee("whether \(self.unclear.count) of the hostile requests passed; the first: \(example)")
        }
        await self.examineUpstreams()
        await self.examineListeners()
    }

    // MARK: - Asking

    /// Sends a request to the front.
    mutating func ask(_ request: WireRequest) async -> WireOutcome {
        let address = "\(self.front.origin) (\(self.front.host) port \(self.front.port))"
        return await self.ask(
            request.bytes,
            hasBody: request.method != "HEAD",
            host: self.front.host,
            port: self.front.port,
            tls: self.tls,
            name: address
        )
    }

    /// Sends bytes to an address.
    mutating func ask(
        _ bytes: [UInt8],
        hasBody: Bool = true,
        host: String,
        port: Int,
        tls: NIOSSLContext? = nil,
        name: String? = nil
    ) async -> WireOutcome {
        guard self.requests < Self.maximumRequests, self.startedAt.duration(to: .now) < Self.maximumTime else {
            self.report.cannotSee(
                "what comes after \(Self.maximumRequests) requests or \(Quantity.text(Self.maximumTime)): the doctor ends there"
            )
            return .timeout
        }
        self.requests += 1
        self.report.count(to: name ?? "\(host) port \(port)")
        let client = WireClient(
            host: host,
            port: port,
            tls: tls,
            serverName: self.front.authority.host.withoutBrackets,
            timeout: self.timeout,
            group: self.group
        )
        return await client.send(bytes, hasBody: hasBody)
    }

    func request(_ target: String, fields: [FieldGames.Field] = []) -> WireRequest {
        WireRequest(target, host: self.front.authority.text, fields: fields)
    }

    /// A text that nobody else has sent, to be recognised where it arrives.
    static func marker() -> String {
        "doctor" + Base64URL.encode(Random.bytes(9)).replacingNonLetters()
    }

    func verdict(_ outcome: WireOutcome) -> Verdict {
        Verdict(outcome, signIn: self.signInAddresses)
    }

    /// The status with which a request that must not pass did; what came back instead of a clear answer is counted.
    mutating func passing(_ outcome: WireOutcome, _ sent: String) -> Int? {
        switch self.verdict(outcome) {
        case .passed(let status): return status
        case .unclear(let reason): self.unclear.append("\(sent) gave \(reason)")
        case .redirected(let location): self.unclear.append("\(sent) was redirected to \(location)")
        case .stopped, .refused: break
        }
        return nil
    }

    // MARK: - What the configuration says

    /// With their places in the file, for the host that is examined.
    func routes(_ access: Access...) -> [(index: Int, route: Route)] {
        self.configuration.routes.enumerated().filter { _, route in
            route.authority == self.front.authority && access.contains(route.policy.access)
        }.map { ($0.offset, $0.element) }
    }

    /// Where whoever is not signed in may be sent. The provider's pages are on the issuer's host or on `browser_url`.
    var signInAddresses: [String] {
        let paths = self.configuration.paths
        return self.configuration.providers.map { $0.browserURL ?? $0.issuer.originOfURL }
            + [paths.signIn, self.front.origin + paths.signIn, self.publicOrigin + paths.signIn]
    }

    var publicOrigin: String {
        let url = self.configuration.server.publicURL
        return "\(url.scheme.rawValue)://\(url.authority.text)"
    }

    /// A path that is protected, for each protected route: one that surely has a name.
    var protectedPaths: [(index: Int, path: String, isRoot: Bool)] {
        self.routes(.signedIn).map { index, route in
            let isRoot = route.path.isExactly("/")
            return (index, isRoot ? "/gatehouse-doctor" : route.path, isRoot)
        }
    }
}

extension String {
    /// Scheme and authority of an absolute URL.
    var originOfURL: String {
        self.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }

    /// `-` and `_` become letters: a marker must survive whatever folds fields.
    fileprivate func replacingNonLetters() -> String {
        String(
            decoding: self.utf8.map { byte in
                byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") ? UInt8(ascii: "x") : byte
            },
            as: UTF8.self
        )
    }
}
