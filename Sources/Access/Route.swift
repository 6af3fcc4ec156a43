/// A host and a path, the upstream behind them, and what it takes to get there.
///
/// A class, because it never changes and every request passes it around.
package final class Route: Sendable {
    /// For logs and metrics.
    package let name: String
    package let authority: Authority
    /// Canonical; without a slash at the end, except for "/" itself. It covers itself and everything below.
    package let path: String
    /// An index into the configuration's upstreams.
    package let upstream: Int
    package let policy: Policy
    /// Whether the upstream sees the browser's `Host`.
    package let preserveHost: Bool
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
        upstream: Int,
        policy: Policy,
        preserveHost: Bool = true,
        allowEncodedSlashes: Bool = false
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
        self.upstream = upstream
        self.policy = policy
        self.preserveHost = preserveHost
        self.allowEncodedSlashes = allowEncodedSlashes
        let bytes = target.decodedPath ?? Array(path.utf8)
        self.pathBytes = hasSlashAtEnd ? Array(bytes.dropLast()) : bytes
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
