import Access
import NIOCore
import NIOHTTP1

/// An upstream's response head as the browser gets it, and how the body that follows is delimited.
struct ForwardedResponse {
    /// How the body goes to the browser (RFC 9112, 6.3).
    enum Framing {
        /// None follows, whatever the fields say.
        case empty
        /// As the upstream delimited it, by its length.
        case length
        case chunked
        /// HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
        case untilClose
    }

    let head: HTTPResponseHead
    let framing: Framing
    /// Whether the upstream's connection can serve another request after this one.
    let upstreamKeepsAlive: Bool

    init(_ head: HTTPResponseHead, to request: HTTPRequestHead) {
        self.head = head
        let hasLength = head.headers.contains(name: "content-length")
        let isChunked = head.headers.contains(name: "transfer-encoding")
        let hasNoBody = request.method == .HEAD || head.status == .noContent || head.status == .notModified
        if hasNoBody {
            self.framing = .empty
        } else if hasLength, !isChunked {
            self.framing = .length
        } else {
            self.framing = request.version == .http1_1 ? .chunked : .untilClose
        }
        self.upstreamKeepsAlive = head.isKeepAlive && (hasNoBody || hasLength || isChunked)
    }

    /// - Parameters:
    ///   - isPrivate: somebody's identity went into the request, so a shared cache must not keep the answer unless the
    ///     application says so itself (security rule 12).
    ///   - isOurs: whether a `Set-Cookie` field sets one of our cookies, which an upstream may not.
    func write(
        into buffer: inout ByteBuffer,
        keepAlive: Bool,
        isPrivate: Bool,
        requestID: String,
        isOurs: (String) -> Bool
    ) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(self.head.status.code))
        buffer.writeStaticString(" ")
        buffer.writeString(self.head.status.reasonPhrase)
        buffer.writeStaticString("\r\n")
        var hasCachingRules = false
        let connectionOptions = self.head.headers[canonicalForm: "connection"]
        for (name, value) in self.head.headers {
            switch ResponseFieldName(name) {
            case .hopByHop: continue
            case .contentLength where self.framing != .length && self.framing != .empty: continue
            case .setCookie where isOurs(value): continue
            case .caching: hasCachingRules = true
            default: break
            }
            if !connectionOptions.isEmpty, Self.isNamed(name, by: connectionOptions) { continue }
            buffer.writeField(name, value)
        }
        if self.framing == .chunked { buffer.writeStaticString("Transfer-Encoding: chunked\r\n") }
        if isPrivate, !hasCachingRules { buffer.writeStaticString("Cache-Control: private\r\n") }
        if !keepAlive { buffer.writeStaticString("Connection: close\r\n") }
        buffer.writeField("X-Request-Id", requestID)
        buffer.writeStaticString("\r\n")
    }

    private static func isNamed(_ name: String, by options: [Substring]) -> Bool {
        options.contains { equalIgnoringCase(Array($0.utf8)[...], Array(name.utf8)[...]) }
    }
}

/// The response fields the gateway knows by name.
private enum ResponseFieldName {
    case hopByHop, contentLength, setCookie, caching, other

    init(_ name: String) {
        let bytes = name.utf8
        func isName(_ candidate: String) -> Bool { equalIgnoringCase(bytes, candidate) }
        switch bytes.count {
        case 6: self = isName("pragma") ? .caching : .other
        case 7: self = isName("expires") ? .caching : isName("upgrade") ? .hopByHop : .other
        case 10:
            self = isName("set-cookie") ? .setCookie : isName("connection") || isName("keep-alive") ? .hopByHop : .other
        case 12: self = isName("x-request-id") ? .hopByHop : .other
        case 13: self = isName("cache-control") ? .caching : .other
        case 14: self = isName("content-length") ? .contentLength : .other
        case 16: self = isName("proxy-connection") ? .hopByHop : .other
        case 17: self = isName("transfer-encoding") ? .hopByHop : .other
        case 18: self = isName("proxy-authenticate") ? .hopByHop : .other
        default: self = .other
        }
    }
}
