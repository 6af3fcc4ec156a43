/// What to ask the provider.
package struct BackChannelRequest: Sendable {
    /// The methods the protocol's endpoints know.
    package enum Method: Sendable {
        case get
        case post
    }

    package var method: Method
    /// Absolute, `https` or (see `BackChannelConfiguration.allowPlainHTTP`) `http`; at most 16 KiB of printable ASCII,
    /// no user information. A fragment is not sent.
    package var url: String
    /// Names are tokens (RFC 9110, section 5.6.2), values have no control character but tab. `Host`, `Connection` and
    /// the fields that frame the body are set by libcurl and refused here.
    package var headers: [(name: String, value: String)]
    /// Sent as it is, `application/x-www-form-urlencoded` unless a field says otherwise. With `post` only.
    package var body: [UInt8]?
    /// Instead of `BackChannelConfiguration.timeout`.
    package var timeout: Duration?
    /// Over a connection of its own: libcurl then has no reason to send the request a second time by itself.
    package var isSentOnce = false

    package init(
        method: Method = .get,
        url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

extension BackChannelRequest {
    private static let maximumURLBytes = 16 * 1024

    /// Refuses what could become more than one request on the wire: bytes that end a line or a string.
    func check() throws(BackChannelError) {
        guard self.url.utf8.count <= Self.maximumURLBytes else { throw .malformed("URL too long") }
        guard self.url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .malformed("byte not allowed in a URL")
        }
        if self.method == .get, self.body != nil { throw .malformed("GET with a body") }
        for (name, value) in self.headers {
            guard Self.isToken(name.utf8) else { throw .malformed("field name is not a token") }
            guard !Self.isFraming(name) else { throw .malformed("field set by libcurl") }
            guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
                throw .malformed("control character in a field value")
            }
        }
    }

    /// RFC 9110, section 5.6.2.
    static func isToken(_ name: some Collection<UInt8>) -> Bool {
        !name.isEmpty
            && name.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"): true
                case UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
                case UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"): true
                default: false
                }
            }
    }

    private static func isFraming(_ name: String) -> Bool {
        let folded = name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        return ["host", "connection", "content-length", "transfer-encoding", "expect", "trailer", "te", "upgrade"]
            .contains { $0.utf8.elementsEqual(folded) }
    }
}
