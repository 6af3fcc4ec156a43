/// An absolute `http` or `https` URL of the OP, read strictly enough that every reader of it sees the same host.
///
/// Only the characters of RFC 3986 pass; userinfo, fragments, percent-encoded hosts and empty ports do not. At most
/// 2,048 bytes.
package struct EndpointURL: Sendable, Equatable {
    /// Whether the scheme is `https`.
    package let isTLS: Bool
    /// Host and, where one is written, port; lower case.
    package let authority: String
    /// Path and query as they stand in the URL; empty when there is neither.
    package let target: String

    /// `nil` when `text` is anything else than described above.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 2_048, bytes.allSatisfy(Self.isURLCharacter) else { return nil }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        switch String(decoding: bytes[..<colon], as: UTF8.self).lowercased() {
        case "http": isTLS = false
        case "https": isTLS = true
        default: return nil
        }
        let rest = bytes[bytes.index(after: colon)...]
        guard rest.starts(with: "//".utf8) else { return nil }
        let end = rest.dropFirst(2).firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let authority = rest.dropFirst(2)[..<end]
        guard Self.isAuthority(authority) else { return nil }
        self.authority = String(decoding: authority, as: UTF8.self).lowercased()
        target = String(decoding: rest[end...], as: UTF8.self)
    }

    /// The URL again.
    package var text: String { origin + target }

    /// Scheme and authority, as in `https://auth.example.com`.
    package var origin: String { (isTLS ? "https://" : "http://") + authority }

    /// Whether it names an origin and nothing below it: no path other than `/`, no query.
    package var isOriginOnly: Bool { target.isEmpty || target.isExactly("/") }

    /// Whether there is a query, even an empty one.
    package var hasQuery: Bool { target.utf8.contains(UInt8(ascii: "?")) }

    /// Whether the host is `localhost`, an address in 127.0.0.0/8 or `[::1]`: what is said to it stays on this machine.
    package var isLoopback: Bool {
        let host = Array(Self.host(of: Array(authority.utf8)[...]))
        if host.elementsEqual("localhost".utf8) || host.elementsEqual("[::1]".utf8) { return true }
        let parts = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // Four decimal numbers, or it is a name: 127.0.0.1.example.com is somebody else's.
        return parts.count == 4 && parts[0].elementsEqual("127".utf8)
            && parts.allSatisfy { (1...3).contains($0.count) && $0.allSatisfy(\.isASCIIDigit) }
    }

    /// The same path and query below another origin.
    package func moved(to other: EndpointURL) -> EndpointURL {
        EndpointURL(isTLS: other.isTLS, authority: other.authority, target: target)
    }

    private init(isTLS: Bool, authority: String, target: String) {
        self.isTLS = isTLS
        self.authority = authority
        self.target = target
    }

    /// RFC 3986 section 2, without `#`: an endpoint has no fragment (RFC 6749 section 3.1).
    private static func isURLCharacter(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || "-._~:/?[]@!$&'()*+,;=%".utf8.contains(byte)
    }

    private static func host(of authority: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        if authority.first == UInt8(ascii: "["), let end = authority.firstIndex(of: UInt8(ascii: "]")) {
            return authority[...end]
        }
        return authority[..<(authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex)]
    }

    private static func isAuthority(_ authority: ArraySlice<UInt8>) -> Bool {
        let host = host(of: authority)
        guard isHost(host) else { return false }
        let port = authority[host.endIndex...]
        guard let colon = port.first else { return true }
        guard colon == UInt8(ascii: ":"), (2...6).contains(port.count) else { return false }
        guard port.dropFirst().allSatisfy(\.isASCIIDigit) else { return false }
        let number = port.dropFirst().reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return (1...65_535).contains(number)
    }

    private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
        guard (1...255).contains(host.count) else { return false }
        if host.first == UInt8(ascii: "[") {
            let inside = host.dropFirst().dropLast()
            return host.last == UInt8(ascii: "]") && inside.contains(UInt8(ascii: ":"))
                && inside.allSatisfy {
                    $0.hexadecimalValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
                }
        }
        return host.first != UInt8(ascii: ".")
            && host.allSatisfy { $0.isASCIIAlphanumeric || "-._".utf8.contains($0) }
    }
}
