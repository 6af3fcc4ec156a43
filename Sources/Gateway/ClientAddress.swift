package import Access

/// Who the browser's end of the connection is, told from the peer and, where a trusted proxy says so, from
/// `X-Forwarded-For` (security rule 4).
package struct ClientAddress {
    /// The rightmost address that is not one of our proxies.
    package let text: String
    /// The value sent to the upstream.
    package let forwardedFor: String

    /// Of a peer that speaks for nobody but itself.
    init(peer: String) {
        self.text = peer
        self.forwardedFor = Self.isSocket(peer) ? "unknown" : peer
    }

    /// - Parameters:
    ///   - peer: the other end of the TCP connection, as text.
    ///   - isTrusted: whether that peer is one of our proxies.
    ///   - fields: the request's `X-Forwarded-For` fields, in order.
    package init(peer: String, isTrusted: Bool, fields: [String], trusted: [AddressRange]) {
        guard isTrusted, !fields.isEmpty else {
            self = Self(peer: peer)
            return
        }
        let chain = fields.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .map { Self.trimmed($0) }
        // What is left of an address that is not ours, or of something that is no address, is the browser's own tale.
        var believed: [String] = Self.isSocket(peer) ? [] : [peer]
        for hop in chain.reversed() {
            guard let address = IPAddress(hop) else { break }
            believed.append(hop)
            if !trusted.contains(where: { $0.contains(address) }) { break }
        }
        self.text = believed.last ?? peer
        self.forwardedFor = believed.isEmpty ? "unknown" : believed.reversed().joined(separator: ", ")
    }

    /// Whoever comes through a unix socket has no address (RFC 7239, 6.3).
    private static func isSocket(_ peer: String) -> Bool {
        peer.utf8.elementsEqual("unix".utf8)
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let bytes = text.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return String(decoding: Array(bytes), as: UTF8.self)
    }
}
