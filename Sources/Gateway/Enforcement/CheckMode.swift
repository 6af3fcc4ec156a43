/// Whose questions we answer: each kind of front proxy has its own path, and its own way to write down a request.
package enum CheckMode: Sendable, Equatable {
    /// nginx, and whoever else asks with a sub-request: `check`.
    case authRequest
    /// Traefik and Caddy: `forward-auth`.
    case forwardAuth
    /// Envoy: `ext-authz/`, and the original target behind it.
    case extAuthz(target: String)
}

extension CheckMode {
    /// Envoy overwrites what we answer and leaves what we do not, so that our ticket would go on to the application when
    /// there was nothing else beside it. The others take `Cookie` away themselves.
    package var cookiesWhenNoneAreLeft: [UInt8] {
        if case .extAuthz = self { Array("Cookie: \r\n".utf8) } else { [] }
    }
}

/// The paths at which a front proxy asks. A class, because it never changes and every request is compared with them.
package final class CheckPaths: Sendable {
    private let check: [UInt8]
    private let forwardAuth: [UInt8]
    private let extAuthz: [UInt8]

    package init(_ paths: Configuration.Paths) {
        self.check = Array("\(paths.prefix)/check".utf8)
        self.forwardAuth = Array("\(paths.prefix)/forward-auth".utf8)
        self.extAuthz = Array("\(paths.prefix)/ext-authz".utf8)
    }

    /// Which check a request target is, byte for byte; `nil` for none. A query behind a check's path is the proxy's own
    /// and never read (security rule 3).
    package func mode(of target: String) -> CheckMode? { self.mode(of: target.utf8.span) }

    func mode(of bytes: Span<UInt8>) -> CheckMode? {
        if Self.isPath(self.check, of: bytes) { return .authRequest }
        if Self.isPath(self.forwardAuth, of: bytes) { return .forwardAuth }
        guard Self.begins(bytes, with: self.extAuthz), bytes.count > self.extAuthz.count,
            bytes[self.extAuthz.count] == UInt8(ascii: "/")
        else { return nil }
        let rest = bytes.extracting(self.extAuthz.count...)
        return .extAuthz(target: String(decoding: rest.indices.map { rest[$0] }, as: UTF8.self))
    }

    /// Whether a target has exactly this path, with or without a query.
    private static func isPath(_ path: [UInt8], of target: Span<UInt8>) -> Bool {
        guard Self.begins(target, with: path) else { return false }
        return target.count == path.count || target[path.count] == UInt8(ascii: "?")
    }

    private static func begins(_ target: Span<UInt8>, with path: [UInt8]) -> Bool {
        guard target.count >= path.count else { return false }
        for index in path.indices where target[index] != path[index] { return false }
        return true
    }
}

/// What a listener answers.
package enum Door: Sendable {
    /// Browsers, and the checks of front proxies.
    case everything
    /// No checks: they have a listener of their own.
    case browsers
    /// Nothing but checks.
    case checks
}
