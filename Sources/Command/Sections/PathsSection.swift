import Access
import Gateway
import OpenIDConnect

extension Configuration.Paths {
    /// `[paths]`.
    init(_ section: SectionReader) {
        let prefix = section.path("prefix", allowed: "a path such as \"/_gatehouse\", without a slash at its end")
        self = prefix.map { Configuration.Paths(prefix: $0) } ?? Configuration.Paths()
        let landing = self.signedOut
        self.signIn = section.path("sign_in") ?? self.signIn
        self.register = section.path("register") ?? self.register
        self.callback = section.path("callback") ?? self.callback
        self.signOut = section.path("sign_out") ?? self.signOut
        self.session = section.path("session") ?? self.session
        self.signedOut = section.path("signed_out", mayBeRoot: true) ?? self.signedOut
        self.signedOutTargets = section.targets("signed_out_targets") ?? self.signedOutTargets
        self.refuseSame(section, landing: landing)
    }

    /// Each path has one meaning. `landing` is our own page for the signed-out, which is there in any case.
    private func refuseSame(_ section: SectionReader, landing: String) {
        var taken = [(name: "the page for the signed-out", path: landing), (name: "prefix", path: self.prefix)]
        let paths = [
            ("sign_in", self.signIn), ("register", self.register), ("callback", self.callback),
            ("sign_out", self.signOut), ("session", self.session), ("signed_out", self.signedOut),
        ]
        for (name, path) in paths {
            let isLanding = name == "signed_out" && path.isExactly(landing)
            if !isLanding, let other = taken.first(where: { $0.path.isExactly(path) }) {
                section.refuse(
                    name,
                    found: ConfigurationProblem.quoted(path),
                    allowed: "another path than that of \(other.name)"
                )
            }
            taken.append((name, path))
        }
    }

    /// Whether requests for this path, or for all below it, come to us and never to a route.
    func own(_ path: String) -> Bool {
        let bytes = Array(path.utf8)
        let prefix = Array(self.prefix.utf8)
        guard bytes.starts(with: prefix) else { return false }
        return bytes.count == prefix.count || bytes[prefix.count] == UInt8(ascii: "/")
    }

    /// The key of the endpoint at exactly this path, if it is outside of the prefix.
    func endpoint(at path: String) -> String? {
        let endpoints = [
            ("sign_in", self.signIn), ("register", self.register), ("callback", self.callback),
            ("sign_out", self.signOut), ("session", self.session),
        ]
        return endpoints.first { $0.1.isExactly(path) }?.0
    }
}

extension SectionReader {
    /// Absolute URLs, compared byte for byte.
    fileprivate func targets(_ key: String) -> [String]? {
        let allowed = "absolute URLs, such as \"https://www.example.com/bye\""
        guard let targets = self.list(key, of: allowed, mayBeEmpty: true) else { return nil }
        guard let odd = targets.first(where: { EndpointURL($0) == nil }) else { return targets }
        self.refuse(key, found: ConfigurationProblem.quoted(odd), allowed: "a list of \(allowed)")
        return nil
    }

    /// An absolute path in its canonical spelling, as requests are compared with it.
    fileprivate func path(
        _ key: String,
        mayBeRoot: Bool = false,
        allowed: String = "a path such as \"/sign-in\", without query and without a slash at its end"
    ) -> String? {
        guard let text = self.text(key, allowed: allowed) else { return nil }
        let isRoot = text.isExactly("/")
        guard let target = try? RequestTarget(text), target.query == nil, !target.containsEncodedSlash,
            isRoot ? mayBeRoot : text.isPlainPath
        else {
            self.refuse(key, found: ConfigurationProblem.quoted(text), allowed: allowed)
            return nil
        }
        guard target.text.isExactly(text) else {
            self.refuse(
                key,
                found: ConfigurationProblem.quoted(text),
                allowed: allowed,
                hint: "write \(ConfigurationProblem.quoted(target.text))"
            )
            return nil
        }
        return text
    }
}

extension String {
    /// An absolute path in visible ASCII, without `//` and without a slash at the end. Other characters a browser
    /// escapes, so that they would match nothing.
    fileprivate var isPlainPath: Bool {
        let segments = self.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return self.utf8.allSatisfy { (0x21...0x7e).contains($0) } && segments.allSatisfy { !$0.isEmpty }
    }
}

extension Configuration.Paths {
    /// Who lands, signed out, on a route that asks for a sign-in, is signed in again at once.
    func warnOfProtectedLanding(_ section: SectionReader, _ routes: [Route], _ authority: Authority) {
        guard
            !self.own(self.signedOut), let table = try? RouteTable(routes),
            let target = try? RequestTarget(self.signedOut),
            let route = try? table.route(for: authority, "GET", target), route.policy.access == .signedIn
        else { return }
        section.warn(
            "signed_out",
            "the route \(ConfigurationProblem.quoted(route.name)) asks for a sign-in there, right after the sign-out"
        )
    }
}
