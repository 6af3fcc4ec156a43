import Access

/// The head of a request as the upstream gets it, written as bytes.
///
/// What the browser sent is copied line by line, less what ends here; what only we may say comes last, from us alone.
struct ForwardedRequest {
    let head: RequestHead
    /// Path and query as the upstream sees them.
    let target: String
    /// The browser's cookies without ours, as one line; empty when there are no others.
    let cookieLine: [UInt8]
    /// `nil`: a request nobody is known to have made.
    let identityFields: [UInt8]?
    /// Whether the client's own `Authorization` stays behind, because the route's upstream gets a token of ours.
    let dropsAuthorization: Bool
    /// The `Host` the upstream sees.
    let host: String
    let forwardedFor: String
    let forwardedHost: String
    let scheme: Scheme
    /// What has been stripped from the path; empty, mostly.
    let strippedPrefix: String
    let requestID: RequestID
    /// Our step in a trace; `nil`: what the request says of traces goes on as it is.
    let trace: TraceContext?
    /// Whether the upstream gets `Forwarded` as well (RFC 7239).
    let sendsForwarded: Bool
    /// The protocol the upstream may switch to; `nil`: none.
    let upgrade: String?
    /// Who the client is by its certificate, as one line; empty when it has shown none.
    var clientCertificateLine: [UInt8] = []

    func write(into wire: inout WireBytes) {
        wire.append(self.head.method)
        wire.append(UInt8(ascii: " "))
        wire.append(self.target)
        wire.append(" HTTP/1.1\r\nHost: ")
        wire.append(self.host)
        wire.append("\r\n")
        let bytes = self.head.bytes
        let fields = self.head.fields
        var copies = LineCopies()
        for index in fields.indices {
            if self.head.kinds[index] == .endToEnd, !self.isReplaced(index) {
                copies.add(fields[index], of: bytes, to: &wire)
            } else {
                copies.flush(bytes, to: &wire)
            }
        }
        copies.flush(bytes, to: &wire)
        wire.append(self.cookieLine)
        switch self.head.framing {
        case .none, .untilClose: break
        case .length(let length): wire.appendField("Content-Length", String(length))
        case .chunked: wire.append("Transfer-Encoding: chunked\r\n")
        }
        if let upgrade {
            wire.append("Connection: Upgrade\r\n")
            wire.appendField("Upgrade", upgrade)
        }
        wire.append("X-Forwarded-For: ")
        wire.append(self.forwardedFor)
        wire.append("\r\nX-Forwarded-Proto: ")
        wire.append(self.scheme.rawValue)
        wire.append("\r\nX-Forwarded-Host: ")
        wire.append(self.forwardedHost)
        if !self.strippedPrefix.isEmpty {
            wire.append("\r\nX-Forwarded-Prefix: ")
            wire.append(self.strippedPrefix)
        }
        wire.append("\r\nX-Request-Id: ")
        wire.append(self.requestID)
        wire.append("\r\n")
        self.trace?.write(into: &wire)
        if self.sendsForwarded { self.writeForwarded(into: &wire) }
        wire.append(self.clientCertificateLine)
        if let identityFields { wire.append(identityFields) }
        wire.append("\r\n")
    }

    /// A trace that we take part in goes on with our step, one that we begin without what was said of another.
    private func isReplaced(_ index: Int) -> Bool {
        switch self.head.name(at: index) {
        case .authorization: self.dropsAuthorization
        case .traceParent: self.trace != nil
        case .traceState: self.trace.map { !$0.isContinued } ?? false
        default: false
        }
    }

    /// The same as `X-Forwarded-*`, in one field: each hop an element, an IPv6 address in brackets and quotes.
    private func writeForwarded(into wire: inout WireBytes) {
        let hops = self.forwardedFor.split(separator: ",").map(\.trimmingSpaces)
        wire.append("Forwarded: ")
        for (index, hop) in hops.enumerated() {
            let isIPv6 = hop.utf8.contains(UInt8(ascii: ":"))
            let isNode = isIPv6 || hop.utf8.contains(UInt8(ascii: "."))
            wire.append(index == 0 ? "for=" : ", for=")
            wire.append(isIPv6 ? "\"[\(hop)]\"" : isNode ? String(hop) : "unknown")
        }
        wire.append(";host=\"\(self.forwardedHost)\";proto=\(self.scheme.rawValue)\r\n")
    }
}
