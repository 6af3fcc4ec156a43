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
    ///   - xRequestedWith: `X-Requested-With`, which scripts set.
    ///   - purpose: `Sec-Purpose`, or `Purpose` which some browsers send instead.
    package static func isNavigation(
        method: String,
        secFetchMode: String?,
        secFetchDest: String?,
        accept: String?,
        hasUpgrade: Bool,
        xRequestedWith: String? = nil,
        purpose: String? = nil
    ) -> Bool {
        guard method.utf8.elementsEqual("GET".utf8) || method.utf8.elementsEqual("HEAD".utf8) else { return false }
        guard !hasUpgrade, xRequestedWith == nil else { return false }
        // "prefetch", "prefetch;prerender": nobody is looking yet.
        guard purpose?.isEmpty ?? true else { return false }
        if let secFetchDest {
            guard ["document", "iframe", "frame"].contains(where: { $0.utf8.elementsEqual(secFetchDest.utf8) }) else {
                return false
            }
        }
        if let secFetchMode { return secFetchMode.utf8.elementsEqual("navigate".utf8) }
        return secFetchDest != nil || accept.map(Self.listsHTML) ?? false
    }

    /// Whether `text/html` or XHTML is among the media ranges, and not as refused (RFC 9110, 12.5.1).
    private static func listsHTML(_ accept: String) -> Bool {
        accept.utf8.split(separator: UInt8(ascii: ",")).contains { range in
            let parts = range.split(separator: UInt8(ascii: ";")).map(Self.token)
            guard let type = parts.first else { return false }
            guard type == Array("text/html".utf8) || type == Array("application/xhtml+xml".utf8) else { return false }
            return !parts.dropFirst().contains { part in
                part.starts(with: "q=0".utf8) && part.dropFirst(3).allSatisfy { $0 == 0x2E || $0 == 0x30 }
            }
        }
    }

    /// In lower case, without white space.
    private static func token(_ bytes: Substring.UTF8View) -> [UInt8] {
        bytes.filter { $0 != 0x20 && $0 != 0x09 }.map(\.lowercased)
    }
}
