/// Where a sign-in may end: a path and a query on the host it started on, as every browser reads it (security rule 29).
///
/// The text begins with one slash that is followed by neither a slash nor a backslash, so that no browser takes what
/// follows for a host. Fragments never reach a server and are dropped.
package struct ReturnURL: Sendable {
    /// For `Location`: ASCII, without control characters.
    package let text: String
    private let pathLength: Int

    /// The longest text that is read, in bytes.
    package static let maximumLength = 8 << 10

    /// The front page.
    package static let root = ReturnURL(text: "/", pathLength: 1)

    private init(text: String, pathLength: Int) {
        self.text = text
        self.pathLength = pathLength
    }

    /// Reads what somebody asks for: a path, or a URL of exactly this origin. `nil` for anything else, for paths that we
    /// would refuse, and for those the caller forbids, such as our own endpoints.
    package init?(
        _ wish: some Collection<UInt8>,
        scheme: Scheme,
        authority: Authority,
        isForbidden: (RequestTarget) -> Bool = { _ in false }
    ) {
        guard wish.count <= Self.maximumLength else { return nil }
        let bytes = Array(wish)
        // Browsers strip some of these and trim others; in none of them is there a reason to have any.
        guard let first = bytes.first, first > 0x20, bytes.last != 0x20 else { return nil }
        guard !bytes.contains(where: \.isControl), isUTF8(bytes.span) else { return nil }
        guard let local = Self.local(bytes, scheme: scheme, authority: authority) else { return nil }
        guard let target = Self.target(local), !isForbidden(target), let url = ReturnURL(target) else { return nil }
        self = url
    }

    /// Where a request that is challenged wants to go. `nil` when a browser would not read its target as a path.
    package init?(_ target: RequestTarget) {
        // An encoded slash at the start is a slash for whoever decodes a Location on the way; it is a 0 here.
        let second = target.decodedPath.map { $0.dropFirst().first } ?? target.path.dropFirst().first
        guard second != .slash, second != 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(target.text.utf8.count)
        for byte in target.path { Self.append(byte, to: &bytes) }
        let pathLength = bytes.count
        if let query = target.query {
            bytes.append(UInt8(ascii: "?"))
            for byte in query { Self.append(byte, to: &bytes) }
        }
        guard bytes.count <= 3 * Self.maximumLength else { return nil }
        self.init(text: String(decoding: bytes, as: UTF8.self), pathLength: pathLength)
    }

    /// Reads back what `text` gave, from a place that only we can write to.
    init?(sealed text: String) {
        do {
            self.init(try RequestTarget(text))
        } catch {
            return nil
        }
    }

    /// This URL if it has at most so many bytes, or else its path, or else "/".
    package func shortened(to limit: Int) -> ReturnURL {
        if self.text.utf8.count <= limit { return self }
        if self.pathLength > limit { return .root }
        return ReturnURL(
            text: String(decoding: self.text.utf8.prefix(self.pathLength), as: UTF8.self),
            pathLength: self.pathLength
        )
    }

    /// The path, query and fragment: of a path, or behind scheme and host of a URL of our origin.
    private static func local(_ bytes: [UInt8], scheme: Scheme, authority: Authority) -> ArraySlice<UInt8>? {
        if bytes[0] == .slash { return bytes[...] }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), Scheme(bytes[..<colon]) == scheme else { return nil }
        // Browsers take any number of slashes and backslashes here; exactly two are honest.
        let rest = bytes[colon...].dropFirst()
        guard rest.starts(with: [.slash, .slash]) else { return nil }
        let hierarchy = rest.dropFirst(2)
        let end = hierarchy.firstIndex { $0 == .slash || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let host = hierarchy[..<(end ?? hierarchy.endIndex)]
        do {
            guard try Authority(String(decoding: host, as: UTF8.self), scheme: scheme) == authority else { return nil }
        } catch {
            return nil
        }
        let local = end.map { hierarchy[$0...] } ?? []
        return local.first == .slash ? local : [.slash] + local
    }

    /// As a browser would ask for it: without fragment, spaces encoded.
    private static func target(_ local: ArraySlice<UInt8>) -> RequestTarget? {
        var bytes: [UInt8] = []
        for byte in local.prefix(while: { $0 != UInt8(ascii: "#") }) {
            if byte == 0x20 { byte.appendEscape(to: &bytes) } else { bytes.append(byte) }
        }
        do {
            return try RequestTarget(String(decoding: bytes, as: UTF8.self))
        } catch {
            return nil
        }
    }

    /// Encodes what may not stand in a header field's URL; a browser would do the same.
    private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), 0x80...:
            byte.appendEscape(to: &bytes)
        default: bytes.append(byte)
        }
    }
}

extension ReturnURL: Equatable {
    /// ASCII on both sides: equal bytes.
    package static func == (left: ReturnURL, right: ReturnURL) -> Bool {
        left.text == right.text
    }
}
