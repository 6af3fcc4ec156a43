/// Why a request is answered with 400 before any rule is asked.
///
/// Each case is one rule; `description` names the rule and shows nothing of the request.
package enum RequestRefusal: String, Error, Sendable, CaseIterable {
    /// No target at all.
    case emptyTarget = "empty-target"
    /// A target longer than `RequestTarget.maximumLength`.
    case targetTooLong = "target-too-long"
    /// Neither "/path" nor an absolute URL where one is expected (RFC 9112, 3.2).
    case targetForm = "target-form"
    /// An absolute target whose scheme is neither http nor https.
    case targetScheme = "target-scheme"
    /// A control character or a space that is not encoded.
    case controlByte = "control-byte"
    /// A control character that is encoded.
    case encodedControl = "encoded-control"
    /// `#` does not belong into a request (RFC 9112, 3.2).
    case fragment = "fragment"
    /// A backslash in the path, encoded or not: some read it as a slash.
    case backslash = "backslash"
    /// A segment that means "here" or "up", in any spelling (RFC 3986, 3.3).
    case dotSegment = "dot-segment"
    /// `%2E`: nobody has to encode a dot.
    case encodedDot = "encoded-dot"
    /// `;` in the path, encoded or not: servlet containers cut the segment there.
    case pathParameter = "path-parameter"
    /// An escape that appears only once the path has been decoded.
    case doubleEncoding = "double-encoding"
    /// `%` without two hexadecimal digits (RFC 3986, 2.1).
    case badEscape = "bad-escape"
    /// The path is not UTF-8 once it is decoded, or a byte that is not UTF-8 stands in the target.
    case invalidUTF8 = "invalid-utf-8"
    /// `%2F` where the route does not allow it.
    case encodedSlash = "encoded-slash"
    /// Servers disagree about what this path means, and the meanings have different policies.
    case ambiguousPath = "ambiguous-path"
    /// The routes for this path are for other methods.
    case methodNotRouted = "method-not-routed"
    /// `user@` before a host (RFC 9110, 4.2.4).
    case userInfo = "user-info"
    /// A host that is not a name, an IPv4 or an IPv6 address (RFC 9110, 7.2).
    case badHost = "bad-host"
    /// A port that is not a number from 1 to 65535.
    case badPort = "bad-port"
}

extension RequestRefusal: CustomStringConvertible {
    /// The rule's code; safe to show and to log.
    package var description: String { self.rawValue }
}
