import Access
import Gateway

/// What a front proxy has to know of a gateway.
struct FrontSetup {
    /// One host browsers know, and what is behind it.
    struct Host {
        let authority: Authority
        /// The longest path first.
        let routes: [Target]

        /// For names of sections and files: letters, digits and hyphens.
        var identifier: String {
            String(self.authority.text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
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
    /// Endpoints that are not below the prefix.
    let otherEndpoints: [String]
    /// What the answers to checks carry and applications read. Each is set or absent, as the gateway says.
    let answeredNames: [String]

    init(_ configuration: Configuration, needsUpstreams: Bool) throws(FrontProblem) {
        let scheme = configuration.server.publicURL.scheme
        var hosts: [Host] = []
        for route in configuration.routes where !hosts.contains(where: { $0.authority == route.authority }) {
            let routes = configuration.routes.filter { $0.authority == route.authority }
            var targets: [Target] = []
            for route in routes where needsUpstreams {
                guard route.token == nil, route.protectedApp == nil else { throw .needsProxy(route: route.name) }
                guard route.hasUpstream else { throw .noUpstream(route: route.name) }
                guard let application = configuration.upstreams[route.upstream].plainAddress else {
                    throw .otherWay(route: route.name)
                }
                targets.append(
                    Target(
                        path: route.path,
                        application: application,
                        preserveHost: route.preserveHost,
                        number: route.upstream
                    )
                )
            }
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
        self.answeredNames = Self.answeredNames(of: configuration.routes)
        self.otherEndpoints = [paths.signIn, paths.callback, paths.signOut, paths.session].filter { path in
            !path.utf8.starts(with: "\(paths.prefix)/".utf8)
        }
        for path in [paths.prefix] + self.otherEndpoints + configuration.routes.map(\.path)
        where !path.utf8.allSatisfy(Self.isPlain) {
            throw .path(path)
        }
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

    private static func answeredNames(of routes: [Route]) -> [String] {
        let asserts = routes.contains { $0.assertionAudience != nil }
        let configured = routes.flatMap { $0.headers?.fields.map(\.name) ?? [] }
        return self.distinct(IdentityFields.answeredNames + configured + (asserts ? [Assertion.fieldName] : []))
    }

    /// Each name once: case is nothing to them.
    private static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0.lowercased()).inserted }
    }

    /// What is taken away from requests.
    var removedNames: [String] { Self.distinct(IdentityFields.wellKnownNames + self.answeredNames) }

    /// What is taken away from requests, and not set anew.
    var strippedNames: [String] {
        let answered = Set(self.answeredNames.map { $0.lowercased() })
        return self.removedNames.filter { !answered.contains($0.lowercased()) }
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
