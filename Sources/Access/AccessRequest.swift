/// The question: who wants to do what where, whichever door the request came through.
package struct AccessRequest: Sendable {
    /// As HTTP writes it; methods are compared by case (RFC 9110, 9.1).
    package let method: String
    package let scheme: Scheme
    package let authority: Authority
    package let target: RequestTarget
    /// Whether a browser is on its way to a page, so that a redirect leads somewhere.
    package let isNavigation: Bool
    /// The address of the user agent, for logs; it grants nothing.
    package let clientAddress: String
    /// The subject of the certificate that the client has shown in the handshake, verified there; as RFC 2253 writes it.
    package var clientCertificateSubject: String?

    package init(
        method: String,
        scheme: Scheme,
        authority: Authority,
        target: RequestTarget,
        isNavigation: Bool,
        clientAddress: String
    ) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.target = target
        self.isNavigation = isNavigation
        self.clientAddress = clientAddress
    }
}

extension AccessRequest {
    /// Whether a request is a browser's navigation (security rule 28): GET or HEAD, no `Upgrade`, not a script's, not ahead
    /// of time, to a document or a frame as Fetch Metadata says; for a browser that does not say, `Accept` must list
    /// HTML itself.
    ///
    /// - Parameters:
    ///   - secFetchMode: `Sec-Fetch-Mode`, and so on for the others; `nil` when the request has no such field.
    ///   - accept: only asked for when it matters; it is long.
    ///   - xRequestedWith: `X-Requested-With`, which scripts set.
    ///   - purpose: `Sec-Purpose`, or `Purpose` which some browsers send instead.
    package static func isNavigation(
        method: String,
        secFetchMode: String?,
        secFetchDest: String?,
        accept: @autoclosure () -> String?,
        hasUpgrade: Bool,
        xRequestedWith: String? = nil,
        purpose: String? = nil
    ) -> Bool {
        guard method.isExactly("GET") || method.isExactly("HEAD"), !hasUpgrade, xRequestedWith == nil else {
            return false
        }
        // "prefetch", "prefetch;prerender": nobody is looking yet.
        guard purpose?.isEmpty ?? true else { return false }
        if let secFetchDest, !Self.isDocument(secFetchDest) { return false }
        if let secFetchMode { return secFetchMode.isExactly("navigate") }
        return secFetchDest != nil || accept().map(Self.listsHTML) ?? false
    }

    private static func isDocument(_ secFetchDest: String) -> Bool {
        secFetchDest.isExactly("document") || secFetchDest.isExactly("iframe") || secFetchDest.isExactly("frame")
    }

    /// Whether `text/html` or XHTML is among the media ranges, and not as refused (RFC 9110, 12.5.1).
    private static func listsHTML(_ accept: String) -> Bool {
        let bytes = accept.utf8.span
        var start = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: ",") { end += 1 }
            if Self.isHTML(bytes.extracting(start..<end)) { return true }
            start = end + 1
        }
        return false
    }

    /// One media range with its parameters.
    private static func isHTML(_ range: Span<UInt8>) -> Bool {
        var start = 0
        while start < range.count, Self.isSpace(range[start]) { start += 1 }
        guard let type = Self.htmlTypes.first(where: { range.hasIgnoringCase($0, at: start) }) else { return false }
        var rest: [UInt8] = []
        for index in start + type.count..<range.count where !Self.isSpace(range[index]) {
            rest.append(range[index].lowercased)
        }
        guard rest.isEmpty || rest[0] == UInt8(ascii: ";") else { return false }
        return !rest.split(separator: UInt8(ascii: ";")).contains { parameter in
            parameter.starts(with: "q=0".utf8) && parameter.dropFirst(3).allSatisfy { $0 == 0x2E || $0 == 0x30 }
        }
    }

    private static let htmlTypes = [Array("text/html".utf8), Array("application/xhtml+xml".utf8)]

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }
}
