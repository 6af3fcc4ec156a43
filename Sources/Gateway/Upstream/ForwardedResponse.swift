import Access

/// How an upstream's response goes on to the browser: the head as bytes, and how the body that follows is delimited.
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

    let framing: Framing
    /// Whether the upstream's connection can serve another request after this one.
    let upstreamKeepsAlive: Bool

    /// `101`: from here on bytes of another protocol flow, until either connection ends.
    static let tunnel = ForwardedResponse()

    private init() {
        self.framing = .untilClose
        self.upstreamKeepsAlive = false
    }

    init(_ head: ResponseHead, toHEAD isHEAD: Bool, overHTTP10 isHTTP10: Bool, overHTTP2 isHTTP2: Bool = false) {
        let hasNoBody = isHEAD || head.hasNoBody
        switch head.framing {
        case _ where hasNoBody: self.framing = .empty
        case .length, .none: self.framing = .length
        // Of a stream. In HTTP/1 a length is worth more than trailers are; HTTP/2 has both.
        case .chunked where head.length != nil && !isHTTP2: self.framing = .length
        case .chunked, .untilClose: self.framing = isHTTP10 ? .untilClose : .chunked
        }
        self.upstreamKeepsAlive = head.keepAlive && (hasNoBody || head.framing != .untilClose)
    }

    /// Writes the head as the browser gets it: what the upstream sent is copied line by line, less what ends here.
    ///
    /// - Parameters:
    ///   - toHTTP10: where a connection ends that nobody says is kept (RFC 9112, 9.3).
    ///   - isPrivate: somebody's identity went into the request, so a shared cache must not keep the answer unless the
    ///     application says so itself (security rule 12).
    ///   - upgrade: the protocol that the upstream has switched to.
    ///   - strictTransport: the line with our `Strict-Transport-Security`; empty to send none.
    ///   - isOurs: whether a `Set-Cookie` field sets one of our cookies, which an upstream may not.
    func write(
        _ head: ResponseHead,
        into wire: inout WireBytes,
        keepAlive: Bool,
        toHTTP10: Bool = false,
        isPrivate: Bool,
        requestID: RequestID,
        upgrade: String? = nil,
        strictTransport: [UInt8] = [],
        isOurs: (String) -> Bool
    ) {
        let bytes = head.bytes
        wire.append("HTTP/1.1 ")
        wire.append(head.status)
        wire.append(UInt8(ascii: " "))
        wire.append(bytes[head.reason])
        wire.append("\r\n")
        var hasCachingRules = false
        var copies = LineCopies()
        for (index, field) in head.fields.enumerated() {
            let name = head.names[index]
            var isKept = true
            switch name {
            case .hopByHop, .connection, .transferEncoding: isKept = false
            case .contentLength: isKept = self.keepsLength(head)
            case .trailer: isKept = self.framing == .chunked
            case .setCookie: isKept = !isOurs(String(decoding: bytes[field.value], as: UTF8.self))
            case .caching, .other: break
            }
            // How long the body is, is between us and the browser: no upstream names that away.
            if isKept, name != .contentLength, head.isNamedByConnection(field) { isKept = false }
            if isKept, name == .caching { hasCachingRules = true }
            if isKept { copies.add(field, of: bytes, to: &wire) } else { copies.flush(bytes, to: &wire) }
        }
        copies.flush(bytes, to: &wire)
        if self.framing == .chunked { wire.append("Transfer-Encoding: chunked\r\n") }
        if isPrivate, !hasCachingRules { wire.append("Cache-Control: private\r\n") }
        if !strictTransport.isEmpty, !head.hasStrictTransport { wire.append(strictTransport) }
        if let upgrade {
            wire.append("Connection: Upgrade\r\n")
            wire.appendField("Upgrade", upgrade)
        } else if !keepAlive {
            wire.append("Connection: close\r\n")
        } else if toHTTP10 {
            wire.append("Connection: keep-alive\r\n")
        }
        wire.append("X-Request-Id: ")
        wire.append(requestID)
        wire.append("\r\n\r\n")
    }

    /// A length that delimits the body, or that tells what a `GET` would have had (RFC 9110, 8.6); never one of a 204.
    private func keepsLength(_ head: ResponseHead) -> Bool {
        switch self.framing {
        case .length: true
        case .empty: head.status != 204
        // Only a stream's has one; see `ResponseHead`.
        case .chunked: true
        case .untilClose: false
        }
    }
}

extension ForwardedResponse {
    /// An interim response as the browser gets it: what the upstream sent, less what ends here.
    static func writeInterim(_ head: ResponseHead, into wire: inout WireBytes, isOurs: (String) -> Bool) {
        let bytes = head.bytes
        wire.append("HTTP/1.1 ")
        wire.append(head.status)
        wire.append(UInt8(ascii: " "))
        wire.append(bytes[head.reason])
        wire.append("\r\n")
        for (index, field) in head.fields.enumerated() {
            let isKept: Bool
            switch head.names[index] {
            case .other, .caching: isKept = !head.isNamedByConnection(field)
            case .setCookie: isKept = !isOurs(String(decoding: bytes[field.value], as: UTF8.self))
            case .hopByHop, .connection, .transferEncoding, .contentLength, .trailer: isKept = false
            }
            guard isKept else { continue }
            wire.append(bytes[field.name])
            wire.append(": ")
            wire.append(bytes[field.value])
            wire.append("\r\n")
        }
        wire.append("\r\n")
    }
}

extension ResponseHead {
    /// A status that never comes with a body (RFC 9110, 6.4.1).
    var hasNoBody: Bool { self.status == 204 || self.status == 304 }

    /// Whether the application has its own mind about `Strict-Transport-Security`.
    fileprivate var hasStrictTransport: Bool {
        let storage = self.bytes
        let bytes = storage.span
        for field in self.fields where equalIgnoringCase(bytes.extracting(field.name), "strict-transport-security") {
            return true
        }
        return false
    }

    fileprivate func isNamedByConnection(_ field: FieldLine) -> Bool {
        guard !self.namedFields.isEmpty else { return false }
        let storage = self.bytes
        let name = storage.span.extracting(field.name)
        return self.namedFields.contains { equalIgnoringCase(name, $0) }
    }
}
