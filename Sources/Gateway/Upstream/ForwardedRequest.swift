import Access
import NIOCore
import NIOHTTP1

/// The head of a request as the upstream gets it, written as bytes.
///
/// What the browser sent is copied field by field, less what ends here; what only we may say comes last, from us alone.
struct ForwardedRequest {
    let head: HTTPRequestHead
    let target: RequestTarget
    let fields: RequestFields
    /// `nil`: a request nobody is known to have made.
    let identityFields: ByteBuffer?
    let isOurCookie: (Substring.UTF8View) -> Bool
    /// The `Host` the upstream sees.
    let host: String
    let forwardedFor: String
    let forwardedHost: String
    let scheme: Scheme
    let requestID: String

    func write(into buffer: inout ByteBuffer) {
        buffer.writeString(self.head.method.rawValue)
        buffer.writeStaticString(" ")
        buffer.writeString(self.target.text)
        buffer.writeStaticString(" HTTP/1.1\r\nHost: ")
        buffer.writeString(self.host)
        buffer.writeStaticString("\r\n")
        var index = 0
        for (name, value) in self.head.headers {
            switch self.fields.kinds[index] {
            case .endToEnd: buffer.writeField(name, value)
            case .cookie:
                if let others = CookieHeader.removing(ours: self.isOurCookie, from: value) {
                    buffer.writeField(name, others)
                }
            case .dropped, .reserved: break
            }
            index += 1
        }
        switch self.fields.framing {
        case .none: break
        case .length(let length): buffer.writeField("Content-Length", String(length))
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
        buffer.writeField("X-Forwarded-For", self.forwardedFor)
        buffer.writeField("X-Forwarded-Proto", self.scheme.rawValue)
        buffer.writeField("X-Forwarded-Host", self.forwardedHost)
        buffer.writeField("X-Request-Id", self.requestID)
        if let identityFields { buffer.writeImmutableBuffer(identityFields) }
        buffer.writeStaticString("\r\n")
    }
}

extension ByteBuffer {
    /// `Name: value` and the line's end. Both come from a parser that has refused control characters, or from us.
    mutating func writeField(_ name: String, _ value: String) {
        self.writeString(name)
        self.writeStaticString(": ")
        self.writeString(value)
        self.writeStaticString("\r\n")
    }
}
