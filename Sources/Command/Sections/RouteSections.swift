import Access
import Gateway
import OpenIDConnect

/// `[[route]]`: what requests are for, and where they go.
struct RouteSections {
    /// Each route that is right in itself.
    private(set) var routes: [Route] = []
    private(set) var upstreams: [Upstream] = []
    private(set) var requirements = Requirements()

    /// - Parameters:
    ///   - publicURL: gives a route its host when it names none; `nil` when it is not known.
    ///   - paths: our own, which no route may take.
    init(
        _ sections: [SectionReader],
        publicURL: Configuration.PublicURL?,
        paths: Configuration.Paths,
        protectedApp: ProtectedAppSection,
        providers: ProviderNames
    ) {
        for section in sections { self.read(section, publicURL, paths, protectedApp, providers) }
    }

    private mutating func read(
        _ section: SectionReader,
        _ publicURL: Configuration.PublicURL?,
        _ paths: Configuration.Paths,
        _ protectedApp: ProtectedAppSection,
        _ providers: ProviderNames
    ) {
        let name = section.value("name", allowed: "up to 64 characters") { $0.unicodeScalars.count <= 64 ? $0 : nil }
        let host = section.host("host", publicURL)
        let path = section.required("path", allowed: "a path such as \"/\" or \"/admin\"") { $0 }
        let upstream = section.upstream()
        let methods = section.methods("methods")
        let access: Access = section.choice("access") ?? .signedIn
        let requirement = self.requirement(section, access)
        let mode: PolicyMode = section.choice("mode") ?? .enforce
        if mode == .shadow, !section.has("require") { section.warn("mode", "without require it changes nothing") }
        let provider = providers.provider(of: section)
        let pages = section.pages(access, protectedApp)
        let app = section.has("preset") ? nil : protectedApp.app
        let signIn = section.nested("sign_in").map { SignInOptions($0) } ?? SignInOptions()
        let headers = HeadersSection(section).headers ?? app.flatMap { _ in HeaderSet.protectedApp }
        let audience = section.value("assertion", allowed: "the application's audience, up to 256 characters") {
            $0.unicodeScalars.count <= 256 ? $0 : nil
        }
        let tokens = TokensSection(section, access)
        let preserveHost = section.flag("preserve_host") ?? true
        let allowEncodedSlashes = section.flag("allow_encoded_slashes") ?? false
        guard let path, !section.hasProblem("upstream"), let authority = host ?? publicURL?.authority else { return }
        do {
            let route = try Route(
                name: name ?? authority.text + path,
                authority: authority,
                path: path,
                methods: methods,
                upstream: upstream.map { self.index(of: $0) },
                policy: Policy(access: access, requirement: requirement, mode: mode, pages: pages),
                provider: provider,
                preserveHost: preserveHost,
                allowEncodedSlashes: allowEncodedSlashes,
                signIn: signIn,
                headers: headers,
                assertionAudience: audience,
                bearer: tokens.bearer,
                token: tokens.token,
                protectedApp: app
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

    /// `require`: what it takes beside a session.
    private mutating func requirement(_ section: SectionReader, _ access: Access) -> Requirement? {
        guard let table = section.nested("require") else { return nil }
        let isRight = { section.requirementIsRight(for: access, $0, $1) }
        guard let (condition, stepUp) = RequireSection(table).requirement, isRight(condition, stepUp) else {
            return nil
        }
        if let requirement = self.requirements.add(condition, stepUp: stepUp) { return requirement }
        section.refuse(
            "require",
            found: "more than \(Requirement.mostNetworks) different lists of networks",
            allowed: "at most \(Requirement.mostNetworks)"
        )
        return nil
    }

    /// Routes to one application share its connections.
    private mutating func index(of upstream: Upstream) -> Int {
        if let index = self.upstreams.firstIndex(of: upstream) { return index }
        self.upstreams.append(upstream)
        return self.upstreams.count - 1
    }
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
        guard self.sharesMethods(with: other) else { return false }
        if self.path.isExactly(other.path) { return true }
        let hasEscape = [self, other].contains { $0.path.utf8.contains(UInt8(ascii: "%")) }
        return hasEscape && (try? RouteTable([self, other])) == nil
    }
}

extension SectionReader {
    /// Strangers have claims no more than they have signed in: only their address can be asked for.
    fileprivate func requirementIsRight(for access: Access, _ condition: Condition, _ stepUp: StepUp) -> Bool {
        if access == .signedIn || condition.isAboutNetworksAlone && stepUp.isNone { return true }
        self.refuse(
            "require",
            found: "more than networks with access = \"\(access.rawValue)\"",
            allowed: "only network there; claims need access = \"signed-in\""
        )
        return false
    }

    /// The pages that the route's `access` is about.
    fileprivate func pages(_ access: Access, _ protectedApp: ProtectedAppSection) -> [PageRule] {
        let own = self.pageRules("page_rules")
        if access == .anyone, !own.isEmpty {
            self.refuse(
                "page_rules",
                found: "page_rules with access = \"anyone\"",
                allowed: "access = \"signed-in\" or \"optional\" there: it says what holds for the pages"
            )
        }
        let inherits = protectedApp.isEnabled && access != .anyone && !self.has("page_rules")
        return inherits ? protectedApp.pages : own
    }

    /// Methods as HTTP writes them.
    fileprivate func methods(_ key: String) -> [String] {
        let allowed = "methods in capitals, such as \"GET\" and \"POST\""
        guard let methods = self.list(key, of: allowed, mayBeEmpty: false) else { return [] }
        let isMethod = { (text: String) in
            text.utf8.count <= 32 && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") }
        }
        if let odd = methods.first(where: { !isMethod($0) }) {
            self.refuse(key, found: ConfigurationProblem.quoted(odd), allowed: allowed)
        }
        return methods
    }

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
        self.refuse(
            "path",
            found: "\(path) for \(route.authority) a second time",
            allowed: "each host, path and method once"
        )
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
}
