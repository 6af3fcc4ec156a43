package import OpenIDConnect

/// A host and a path, the upstream behind them, and what it takes to get there.
///
/// A class, because it never changes and every request passes it around.
package final class Route: Sendable {
    /// For logs and metrics.
    package let name: String
    package let authority: Authority
    /// Canonical; without a slash at the end, except for "/" itself. It covers itself and everything below.
    package let path: String
    /// The methods it is for, in capitals as HTTP has them; `GET` covers `HEAD`. Empty: all that no other route of the
    /// same path is for.
    package let methods: [String]
    /// An index into the configuration's upstreams; means nothing without `hasUpstream`.
    package let upstream: Int
    /// Whether requests can be forwarded. A route without an upstream is there for front proxies to ask about.
    package let hasUpstream: Bool
    package let policy: Policy
    /// An index into the configuration's providers: with whom people sign in for it.
    package let provider: Int
    /// What its sessions are sealed for.
    package let sessionAuthority: Authority
    /// Whether the upstream sees the browser's `Host`.
    package let preserveHost: Bool
    /// How a sign-in for this route begins, where that differs from all others.
    package let signIn: SignInOptions
    /// How the upstream is told who is signed in; `nil`: by `IdentityFields`.
    package let headers: HeaderSet?
    /// The audience of the assertion that the upstream gets; `nil`: it gets none.
    package let assertionAudience: String?
    /// Which tokens of API clients it takes; `nil`: none, `Authorization` is the application's own.
    package let bearer: BearerPolicy?
    /// Which token the upstream gets; `nil`: none of ours.
    package let token: UpstreamToken?
    /// Whether the upstream is told what Logto's Protected App tells it; `nil`: it is not.
    package let protectedApp: ProtectedApp?
    /// Whether `%2F` may stand in a path.
    package let allowEncodedSlashes: Bool
    /// The decoded path without a slash at the end: nothing at all for "/".
    let pathBytes: [UInt8]

    /// Throws `RouteTableError.path` for a path with a query, with empty segments, or in another than its canonical
    /// spelling, so that a rule never silently covers nothing.
    package init(
        name: String,
        authority: Authority,
        path: String,
        methods: [String] = [],
        upstream: Int?,
        policy: Policy,
        provider: (index: Int, name: String) = (0, ""),
        preserveHost: Bool = true,
        allowEncodedSlashes: Bool = false,
        signIn: SignInOptions = SignInOptions(),
        headers: HeaderSet? = nil,
        assertionAudience: String? = nil,
        bearer: BearerPolicy? = nil,
        token: UpstreamToken? = nil,
        protectedApp: ProtectedApp? = nil
    ) throws(RouteTableError) {
        let target: RequestTarget
        do {
            target = try RequestTarget(path)
        } catch {
            throw .path(path, error)
        }
        guard target.query == nil else { throw .pathWithQuery(path) }
        guard target.text.isExactly(path) else { throw .pathNotCanonical(path, canonical: target.text) }
        if target.containsEncodedSlash, !allowEncodedSlashes { throw .path(path, .encodedSlash) }
        guard target.ambiguity.subtracting(.encodedSlash).isEmpty else { throw .path(path, .ambiguousPath) }
        let hasSlashAtEnd = path.utf8.last == .slash
        self.name = name
        self.authority = authority
        self.path =
            hasSlashAtEnd && path.utf8.count > 1 ? String(decoding: path.utf8.dropLast(), as: UTF8.self) : path
        self.methods = methods
        self.upstream = upstream ?? 0
        self.hasUpstream = upstream != nil
        self.policy = policy
        self.provider = provider.index
        self.sessionAuthority = authority.with(provider: provider.name)
        self.preserveHost = preserveHost
        self.allowEncodedSlashes = allowEncodedSlashes
        self.signIn = signIn
        self.headers = headers
        self.assertionAudience = assertionAudience
        self.bearer = bearer
        self.token = token
        self.protectedApp = protectedApp
        let bytes = target.decodedPath ?? Array(path.utf8)
        self.pathBytes = hasSlashAtEnd ? Array(bytes.dropLast()) : bytes
    }

    init(copying other: Route) {
        self.name = other.name
        self.authority = other.authority
        self.path = other.path
        self.methods = other.methods
        self.upstream = other.upstream
        self.hasUpstream = other.hasUpstream
        self.policy = other.policy
        self.provider = other.provider
        self.sessionAuthority = other.sessionAuthority
        self.preserveHost = other.preserveHost
        self.allowEncodedSlashes = other.allowEncodedSlashes
        self.signIn = other.signIn
        self.headers = other.headers
        self.assertionAudience = other.assertionAudience
        self.bearer = other.bearer
        self.token = other.token
        self.protectedApp = other.protectedApp
        // Storage of its own, too.
        self.pathBytes = other.pathBytes.map { $0 }
    }

    /// Whether the same callers pass here and there: people of the same provider, and tokens for the same API.
    func isJudged(like other: Route) -> Bool {
        self.policy == other.policy && self.provider == other.provider && self.bearer == other.bearer
    }

    /// Whether it is for requests of this method.
    func takes(_ method: String) -> Bool {
        if self.methods.isEmpty { return true }
        return self.methods.contains { $0.isExactly(method) || $0.isExactly("GET") && method.isExactly("HEAD") }
    }

    /// Whether some request could be for both, were their paths the same.
    package func sharesMethods(with other: Route) -> Bool {
        if self.methods.isEmpty || other.methods.isEmpty { return self.methods.isEmpty && other.methods.isEmpty }
        return self.methods.contains(where: other.takes) || other.methods.contains(where: self.takes)
    }

    /// What comes behind the route's own path, decoded and without the slash between. For a target that it covers.
    package func rest(of target: RequestTarget) -> ArraySlice<UInt8> {
        let path = target.decodedPath ?? Array(target.path)
        return path.dropFirst(self.pathBytes.count).drop { $0 == .slash }
    }

    /// Whether a target is this route's or below it.
    func covers(_ target: RequestTarget) -> Bool {
        if let decoded = target.decodedPath { return self.covers(decoded.span, end: decoded.count) }
        return self.covers(target.text.utf8.span, end: target.pathEnd)
    }

    private func covers(_ path: Span<UInt8>, end: Int) -> Bool {
        let length = self.pathBytes.count
        guard length <= end, path.has(self.pathBytes, at: 0) else { return false }
        return length == end || path[length] == .slash
    }
}
