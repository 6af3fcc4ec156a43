import Access
import Gateway
import OpenIDConnect

/// `[[route]]`: what requests are for, and where they go.
struct RouteSections {
    /// Each route that is right in itself.
    private(set) var routes: [Route] = []
    private(set) var upstreams: [UpstreamAddress] = []

    /// - Parameters:
    ///   - publicURL: gives a route its host when it names none; `nil` when it is not known.
    ///   - paths: our own, which no route may take.
    init(_ sections: [SectionReader], publicURL: Configuration.PublicURL?, paths: Configuration.Paths) {
        for section in sections { self.read(section, publicURL, paths) }
    }

    private mutating func read(
        _ section: SectionReader,
        _ publicURL: Configuration.PublicURL?,
        _ paths: Configuration.Paths
    ) {
        let name = section.value("name", allowed: "up to 64 characters") { $0.unicodeScalars.count <= 64 ? $0 : nil }
        let host = section.host("host", publicURL)
        let path = section.required("path", allowed: "a path such as \"/\" or \"/admin\"") { $0 }
        let upstreamProtocol: UpstreamProtocol = section.choice("upstream_protocol") ?? .http1
        let upstream = section.upstream("upstream", upstreamProtocol)
        let access: Access = section.choice("access") ?? .signedIn
        let preserveHost = section.flag("preserve_host") ?? true
        let allowEncodedSlashes = section.flag("allow_encoded_slashes") ?? false
        guard let path, let upstream, let authority = host ?? publicURL?.authority else { return }
        do {
            let route = try Route(
                name: name ?? authority.text + path,
                authority: authority,
                path: path,
                upstream: self.index(of: upstream),
                policy: Policy(access: access),
                preserveHost: preserveHost,
                allowEncodedSlashes: allowEncodedSlashes
            )
            if section.accepts(route, paths, besides: self.routes) { self.routes.append(route) }
        } catch {
            section.refuse(
                "path",
                found: ConfigurationProblem.quoted(path),
                allowed: "a path such as \"/\" or \"/admin\"",
                hint: error.advice
            )
        }
    }

    /// Routes to one application share its connections.
    private mutating func index(of upstream: UpstreamAddress) -> Int {
        if let index = self.upstreams.firstIndex(of: upstream) { return index }
        self.upstreams.append(upstream)
        return self.upstreams.count - 1
    }
}

/// What is spoken with an upstream.
private enum UpstreamProtocol: String, CaseIterable {
    case http1
    /// HTTP/2 without TLS, by prior knowledge.
    case h2c
}

extension RouteTableError {
    /// What to do about a path, for the operator.
    fileprivate var advice: String {
        switch self {
        case .path(_, let refusal): "no request with this path would pass (\(refusal))"
        case .pathWithQuery: "queries never decide access"
        case .pathNotCanonical(_, let canonical): "write \(ConfigurationProblem.quoted(canonical))"
        case .duplicate, .empty: self.description
        }
    }
}

extension Route {
    /// Whether both are for the same requests, in whatever spelling.
    fileprivate func isSame(as other: Route) -> Bool {
        guard self.authority == other.authority else { return false }
        if self.path.isExactly(other.path) { return true }
        let hasEscape = [self, other].contains { $0.path.utf8.contains(UInt8(ascii: "%")) }
        return hasEscape && (try? RouteTable([self, other])) == nil
    }
}

extension SectionReader {
    fileprivate func accepts(_ route: Route, _ paths: Configuration.Paths, besides others: [Route]) -> Bool {
        let path = ConfigurationProblem.quoted(route.path)
        if paths.own(route.path) {
            self.refuse("path", found: path, allowed: "a path that is not below paths.prefix, which is ours")
            return false
        }
        if let endpoint = paths.endpoint(at: route.path) {
            self.warn("path", "paths.\(endpoint) is the same path; requests for exactly this path come to us")
        }
        guard others.contains(where: route.isSame) else { return true }
        self.refuse("path", found: "\(path) for \(route.authority) a second time", allowed: "each host and path once")
        return false
    }

    /// Browsers send a port in `Host` unless it is the scheme's own.
    fileprivate func host(_ key: String, _ publicURL: Configuration.PublicURL?) -> Authority? {
        let scheme = publicURL?.scheme ?? .https
        let authority = self.value(key, allowed: "a host, such as \"app.example.com\"") { text in
            try? Authority(text, scheme: scheme)
        }
        if let authority, authority.port == nil, let port = publicURL?.authority.port {
            self.warn(
                key,
                "it has no port, but public_url has; did you mean \"\(authority):\(port)\"?"
            )
        }
        return authority
    }

    /// Where an application listens: host and port, and nothing else that a URL can have.
    fileprivate func upstream(_ key: String, _ upstreamProtocol: UpstreamProtocol) -> UpstreamAddress? {
        let allowed = "\"http://host:port\", without a path"
        guard let text = self.required(key, allowed: allowed, { $0 }) else { return nil }
        let url = EndpointURL(text)
        guard let url, !url.isTLS, url.isOriginOnly, let authority = try? Authority(url.authority, scheme: .http) else {
            let isTLS = text.lowercased().utf8.starts(with: "https:".utf8)
            self.refuse(
                key,
                found: ConfigurationProblem.quoted(text),
                allowed: allowed,
                hint: isTLS ? "https to an upstream is not supported yet" : nil
            )
            return nil
        }
        var host = authority.host
        if host.utf8.first == UInt8(ascii: "[") { host = String(host.dropFirst().dropLast()) }
        return UpstreamAddress(host: host, port: authority.port ?? 80, speaksHTTP2: upstreamProtocol == .h2c)
    }
}
