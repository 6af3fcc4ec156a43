import Access
import Gateway

/// What a front proxy has to know of a gateway.
struct FrontSetup {
    /// One host browsers know, and what is behind it.
    struct Host {
        let authority: Authority
        /// The longest path first.
        let routes: [Target]

        /// For names of sections and files: letters, digits and hyphens. Another one for each host: `a-b.example.com`
        /// is `a--b-example-com`, and `a.b.example.com` is `a-b-example-com`.
        var identifier: String {
            self.authority.text.map { letter in
                if letter == "-" { return "--" }
                return letter.isASCII && (letter.isLetter || letter.isNumber) ? String(letter) : "-"
            }.joined()
        }
    }

    struct Target {
        let path: String
        let application: UpstreamAddress
        let preserveHost: Bool
        /// The application's place in the configuration.
        let number: Int
    }

    let isTLS: Bool
    let port: Int
    let hosts: [Host]
    /// By their place in the configuration.
    let applications: [(number: Int, address: UpstreamAddress)]
    /// Where browsers' requests for our own endpoints go.
    let gateway: Configuration.ListenAddress
    /// Where checks go.
    let checks: Configuration.ListenAddress
    let prefix: String
    let signIn: String
    /// Endpoints that are not below the prefix.
    let otherEndpoints: [String]
    /// Which request fields are taken away, and which of them are set anew.
    let fields: FrontFields

    init(_ configuration: Configuration, needsUpstreams: Bool) throws(FrontProblem) {
        let scheme = configuration.server.publicURL.scheme
        var hosts: [Host] = []
        for route in configuration.routes where !hosts.contains(where: { $0.authority == route.authority }) {
            let routes = configuration.routes.filter { $0.authority == route.authority }
            let targets = needsUpstreams ? try Self.targets(of: routes, configuration) : []
            let ordered = targets.sorted { $0.path.utf8.count > $1.path.utf8.count }
            hosts.append(Host(authority: route.authority, routes: ordered))
        }
        let ports = Set(hosts.map { $0.authority.port ?? scheme.defaultPort })
        guard let port = ports.first, ports.count == 1 else { throw .differentPorts }
        self.isTLS = scheme == .https
        self.port = port
        self.hosts = hosts
        self.applications = configuration.upstreams.enumerated().compactMap { number, upstream in
            upstream.plainAddress.map { (number, $0) }
        }
        let listeners = configuration.server.listeners.filter { $0.speech == .http }
        guard let plain = listeners.lazy.compactMap(\.address).first else { throw .noPlainListener }
        self.gateway = plain
        self.checks = configuration.check.listen ?? plain
        let paths = configuration.paths
        self.prefix = paths.prefix
        self.signIn = paths.signIn
        self.fields = FrontFields(configuration.routes)
        self.otherEndpoints = [paths.signIn, paths.register, paths.callback, paths.signOut, paths.session].filter {
            !$0.utf8.starts(with: "\(paths.prefix)/".utf8)
        }
        for name in self.fields.answered where !name.utf8.allSatisfy({ Self.isPlain($0) && !"/.~".utf8.contains($0) }) {
            throw .fieldName(name)
        }
        for path in [paths.prefix] + self.otherEndpoints + configuration.routes.map(\.path)
        where !path.utf8.allSatisfy(Self.isPlain) {
            throw .path(path)
        }
    }

    /// One for each path: fronts tell no methods apart, so all routes of a path must lead to the same application.
    private static func targets(
        of routes: [Route],
        _ configuration: Configuration
    ) throws(FrontProblem) -> [Target] {
        var targets: [(target: Target, route: String)] = []
        for route in routes {
            guard route.hasUpstream else { throw .noUpstream(route: route.name) }
            guard let application = configuration.upstreams[route.upstream].plainAddress else {
                throw .otherWay(route: route.name)
            }
            if let (target, name) = targets.first(where: { $0.target.path.isExactly(route.path) }) {
                guard target.application == application, target.preserveHost == route.preserveHost else {
                    throw .byMethod(name, route.name)
                }
                continue
            }
            let target = Target(
                path: route.path,
                application: application,
                preserveHost: route.preserveHost,
                number: route.upstream
            )
            targets.append((target, route.name))
        }
        return targets.map(\.target)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "/-._~".utf8.contains(byte)
        }
    }

    var scheme: String { self.isTLS ? "https" : "http" }

    /// "host:port" as a neighbour on the same machine calls it.
    static func address(_ listen: Configuration.ListenAddress) -> String {
        switch listen.host {
        case "0.0.0.0", "localhost": "127.0.0.1:\(listen.port)"
        case "::": "[::1]:\(listen.port)"
        default: listen.text
        }
    }

    /// "host:port" of the gateway for a front that knows no unix sockets.
    func gatewayAddress() -> String { Self.address(self.gateway) }
    func checksAddress() -> String { Self.address(self.checks) }

    static func address(_ application: UpstreamAddress) -> String {
        let isV6 = application.host.utf8.contains(UInt8(ascii: ":"))
        return isV6 ? "[\(application.host)]:\(application.port)" : "\(application.host):\(application.port)"
    }

    /// What answers to checks carry.
    var answeredNames: [String] { self.fields.answered }

    /// What is taken away from requests.
    var removedNames: [String] { self.fields.removed }

    /// What is taken away from requests, and not set anew.
    var strippedNames: [String] {
        let answered = Set(self.answeredNames.map { $0.lowercased() })
        return self.removedNames.filter { !answered.contains($0.lowercased()) }
    }

    /// The paths of checks, which no browser may ask: the answers have its HttpOnly cookies and the assertion in fields
    /// that a script could read. The last one stands for all below it.
    var checkPaths: (exact: [String], below: String) {
        (["\(self.prefix)/check", "\(self.prefix)/forward-auth"], "\(self.prefix)/ext-authz/")
    }

    /// Matches every `Upgrade` but `websocket`, for fronts whose expressions cannot say "not" and find one value among
    /// several: another length, or another letter somewhere. No braces, which mean something to Caddy.
    static var notWebSocket: String {
        let word = "websocket"
        let letters = word.enumerated().map { index, letter in
            "^\(String(repeating: ".", count: index))[^\(letter)\(letter.uppercased())]"
        }
        let shorter = String(repeating: ".?", count: word.count - 1)
        let longer = String(repeating: ".", count: word.count + 1)
        return (["^\(shorter)$", "^\(longer)"] + letters).joined(separator: "|")
    }

    /// The comment at the head of each file.
    static func heading(_ front: String, _ lines: [String]) -> String {
        (["Printed by `gatehouse emit \(front)`: print it again when the gateway's configuration changes."] + lines)
            .map { "# \($0)\n" }.joined()
    }

    /// Each line of a text moved to the right.
    static func indented(_ text: String, by spaces: Int) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { $0.isEmpty ? "" : String(repeating: " ", count: spaces) + $0 }.joined(separator: "\n")
    }
}

extension Upstream {
    /// The one address of an application behind plain HTTP. A front's way to any other is for its operator to write.
    fileprivate var plainAddress: UpstreamAddress? {
        guard self.addresses.count == 1, let address = self.addresses.first, !address.isTLS, address.socketPath == nil,
            !self.speaksHTTP2,
            self.stripPrefix.isEmpty, self.prefix.isEmpty, self.hostHeader == nil
        else { return nil }
        return address
    }
}
