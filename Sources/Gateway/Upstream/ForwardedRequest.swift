import Access
import NIOHTTP1

/// The head of a request as the upstream gets it, written as bytes.
///
/// What the browser sent is copied field by field, less what ends here; what only we may say comes last, from us alone.
struct ForwardedRequest {
    let head: HTTPRequestHead
    let target: RequestTarget
    let fields: RequestFields
    /// `nil`: a request nobody is known to have made.
    let identityFields: [UInt8]?
    /// Whether the client's own `Authorization` stays behind, because the route's upstream gets a token of ours.
    let dropsAuthorization: Bool
    let cookieNames: CookieNames
    /// The `Host` the upstream sees.
    let host: String
    let forwardedFor: String
    let forwardedHost: String
    let scheme: Scheme
    let requestID: String

    func write(into bytes: inout WireBytes) {
        bytes.append(self.head.method.rawValue)
        bytes.append(" ")
        bytes.append(self.target.text)
        bytes.append(" HTTP/1.1\r\nHost: ")
        bytes.append(self.host)
        bytes.append("\r\n")
        var index = 0
        for (name, value) in self.head.headers {
            switch self.fields.kinds[index] {
            case .endToEnd:
                if self.dropsAuthorization, equalIgnoringCase(name, "authorization") { break }
                bytes.appendField(name, value)
            case .cookie:
                if let others = CookieHeader.removing(ours: { self.cookieNames.isOurs($0) }, from: value) {
                    bytes.appendField(name, others)
                }
            case .dropped, .reserved: break
            }
            index += 1
        }
        switch self.fields.framing {
        case .none: break
        case .length(let length): bytes.appendField("Content-Length", String(length))
        case .chunked: bytes.append("Transfer-Encoding: chunked\r\n")
        }
        bytes.appendField("X-Forwarded-For", self.forwardedFor)
        bytes.appendField("X-Forwarded-Proto", self.scheme.rawValue)
        bytes.appendField("X-Forwarded-Host", self.forwardedHost)
        bytes.appendField("X-Request-Id", self.requestID)
        if let identityFields { bytes.append(identityFields) }
        bytes.append("\r\n")
    }
}
