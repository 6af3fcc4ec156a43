/// What our cookies are called.
///
/// Over TLS a name begins with `__Host-`, which makes browsers insist on `Secure`, on "/" and on this host alone; with
/// `__Secure-` when it is shared by the hosts of a domain (RFC 6265bis, 4.1.3).
package struct CookieNames: Sendable {
    /// Holds the ticket.
    package let ticket: String
    /// `ticket`, as the bytes that `CookieHeader.values` looks for.
    package let ticketBytes: [UInt8]
    /// Before the suffix of each sign-in transaction.
    package let transactionPrefix: String
    /// Counts sign-ins that did not end.
    package let flowCounter: String
    private let base: [UInt8]

    /// - Parameters:
    ///   - name: without prefix, such as "gatehouse".
    ///   - provider: whose sessions; empty for the first provider's.
    ///   - secure: whether browsers reach us over TLS.
    ///   - domain: when the cookie is for the hosts of a domain.
    package init(name: String, secure: Bool, domain: String?, provider: String = "") {
        let prefix = secure ? (domain == nil ? "__Host-" : "__Secure-") : ""
        self.ticket = prefix + name + (provider.isEmpty ? "" : "_at_" + provider)
        self.ticketBytes = Array(self.ticket.utf8)
        self.transactionPrefix = prefix + name + "_tx_"
        self.flowCounter = prefix + name + "_flow"
        self.base = name.utf8.map(\.lowercased)
    }

    /// The cookie of one transaction; see `SignIn.cookieSuffix`.
    package func transaction(suffix: String) -> String {
        self.transactionPrefix + suffix
    }

    /// Whether a cookie of this name could be ours, under whatever prefix and in whatever case: such a cookie is neither
    /// forwarded nor taken from an upstream.
    package func isOurs(_ name: Substring.UTF8View) -> Bool {
        self.isOurs(name.span)
    }

    private func isOurs(_ name: Span<UInt8>) -> Bool {
        var start = 0
        if name.count > 0, name[0] == UInt8(ascii: "_") {
            if name.hasIgnoringCase(Self.hostPrefix, at: 0) {
                start = Self.hostPrefix.count
            } else if name.hasIgnoringCase(Self.securePrefix, at: 0) {
                start = Self.securePrefix.count
            }
        }
        guard name.hasIgnoringCase(self.base, at: start) else { return false }
        let end = start + self.base.count
        return end == name.count || name.hasIgnoringCase(Self.transactionMark, at: end)
            || name.hasIgnoringCase(Self.providerMark, at: end)
            || (name.count - end == Self.flowMark.count && name.hasIgnoringCase(Self.flowMark, at: end))
    }

    private static let hostPrefix = Array("__host-".utf8)
    private static let securePrefix = Array("__secure-".utf8)
    private static let transactionMark = Array("_tx_".utf8)
    private static let providerMark = Array("_at_".utf8)
    private static let flowMark = Array("_flow".utf8)

    /// Whether a text can be a cookie's name: a token (RFC 9110, 5.6.2).
    package static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }
}
