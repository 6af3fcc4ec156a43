import Access
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
    /// `false`: a status or a coding that we cannot pass on.
    let isUnderstood: Bool
    /// What `Connection` names: hop-by-hop, too. Hardly ever anything.
    private let namedFields: [Substring]

    init(_ head: HTTPResponseHead, to request: HTTPRequestHead) {
        self.head = head
        var hasLength = false
        var isChunked = false
        // Below 200 only the decoder's interim responses exist, which never come here (RFC 9110, 15).
        var isUnderstood = head.status.code >= 200
        var namedFields: [Substring] = []
        for (name, value) in head.headers {
            switch ResponseFieldName(name) {
            case .contentLength: hasLength = true
            case .transferEncoding:
                // Another coding below the chunks would be lost with them; we undo none.
                isUnderstood = isUnderstood && !isChunked && equalIgnoringCase(value, "chunked")
                isChunked = true
            case .connection where !RequestFields.isPlainConnection(value):
                namedFields += value.split(separator: ",").map { $0.trimmingSpaces }
            default: break
            }
        }
        self.namedFields = namedFields
        self.isUnderstood = isUnderstood
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

    /// A length that delimits the body, or that tells what a `GET` would have had (RFC 9110, 8.6); never one of a 204.
    private var keepsLength: Bool {
        switch self.framing {
        case .length: true
        case .empty: self.head.status != .noContent
        case .chunked, .untilClose: false
        }
    }

    /// - Parameters:
    ///   - isPrivate: somebody's identity went into the request, so a shared cache must not keep the answer unless the
    ///     application says so itself (security rule 12).
    ///   - isOurs: whether a `Set-Cookie` field sets one of our cookies, which an upstream may not.
    func write(
        into bytes: inout WireBytes,
        keepAlive: Bool,
        isPrivate: Bool,
        requestID: String,
        isOurs: (String) -> Bool
    ) {
        bytes.append("HTTP/1.1 ")
        bytes.append(Int(self.head.status.code))
        bytes.append(" ")
        bytes.append(self.head.status.reasonPhrase)
        bytes.append("\r\n")
        var hasCachingRules = false
        for (name, value) in self.head.headers {
            let kind = ResponseFieldName(name)
            // How long the body is, is between us and the browser: no upstream names that away.
            if kind != .contentLength, self.namedFields.contains(where: { equalIgnoringCase($0, name) }) { continue }
            switch kind {
            case .hopByHop, .connection, .transferEncoding: continue
            case .contentLength where !self.keepsLength: continue
            case .setCookie where isOurs(value): continue
            case .caching: hasCachingRules = true
            default: break
            }
            bytes.appendField(name, value)
        }
        if self.framing == .chunked { bytes.append("Transfer-Encoding: chunked\r\n") }
        if isPrivate, !hasCachingRules { bytes.append("Cache-Control: private\r\n") }
        if !keepAlive { bytes.append("Connection: close\r\n") }
        bytes.appendField("X-Request-Id", requestID)
        bytes.append("\r\n")
    }
}

/// The response fields the gateway knows by name.
private enum ResponseFieldName {
    case hopByHop, connection, transferEncoding, contentLength, setCookie, caching, other

    init(_ name: String) {
        func isName(_ candidate: String) -> Bool { equalIgnoringCase(name, candidate) }
        switch name.utf8.count {
        case 6: self = isName("pragma") ? .caching : .other
        case 7: self = isName("expires") ? .caching : isName("upgrade") ? .hopByHop : .other
        case 10:
            self = isName("set-cookie") ? .setCookie : isName("connection") ? .connection
                : isName("keep-alive") ? .hopByHop : .other
        case 12: self = isName("x-request-id") ? .hopByHop : .other
        case 13: self = isName("cache-control") ? .caching : .other
        case 14: self = isName("content-length") ? .contentLength : .other
        case 16: self = isName("proxy-connection") ? .hopByHop : .other
        case 17: self = isName("transfer-encoding") ? .transferEncoding : .other
        case 18: self = isName("proxy-authenticate") ? .hopByHop : .other
        default: self = .other
        }
    }
}
