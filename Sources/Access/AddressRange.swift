/// A network in CIDR notation, such as `10.0.0.0/8` or `::1/128`; a bare address is a network of one.
package struct AddressRange: Sendable, Hashable {
    let bytes: [UInt8]
    let prefixLength: Int

    /// `nil` for anything that is not an address with an optional prefix length in range, or whose host bits are set:
    /// `10.1.2.3/8` is more likely a mistake than a network.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        var prefixLength = address.bytes.count * 8
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(\.isDigit),
                let length = Int(parts[1]), length <= prefixLength
            else { return nil }
            prefixLength = length
        }
        guard address.bytes == Self.masked(address.bytes, to: prefixLength) else { return nil }
        self.bytes = address.bytes
        self.prefixLength = prefixLength
    }

    /// Whether it covers so much of what is public that it would be some of everybody. A network inside a private one is
    /// never; the widest that anybody has for proxies is a /10 (IPv6: /24).
    package var isTooWide: Bool {
        if Self.privateNetworks.contains(where: { $0.covers(self) }) { return false }
        for network in Self.networksOfIPv4 where network.covers(self) || self.covers(network) {
            return self.prefixLength < network.prefixLength + 10
        }
        return self.prefixLength < (self.bytes.count == 4 ? 10 : 24)
    }

    /// RFC 1918, 6598, 4193; loopback and link-local.
    private static let privateNetworks = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7",
        "fe80::/10", "::1",
    ].compactMap { AddressRange($0) }

    /// All of IPv4 within IPv6: translated (RFC 6052), tunnelled (RFC 3056, 4380).
    private static let networksOfIPv4 = ["64:ff9b::/96", "2002::/16", "2001::/32"].compactMap { AddressRange($0) }

    private func covers(_ other: AddressRange) -> Bool {
        self.bytes.count == other.bytes.count && self.prefixLength <= other.prefixLength
            && Self.masked(other.bytes, to: self.prefixLength) == self.bytes
    }

    /// Whether the address is inside.
    package func contains(_ address: IPAddress) -> Bool {
        address.bytes.count == self.bytes.count && Self.masked(address.bytes, to: self.prefixLength) == self.bytes
    }

    private static func masked(_ bytes: [UInt8], to prefixLength: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(max(prefixLength - index * 8, 0), 8)
            return kept == 0 ? 0 : byte & (0xff << UInt8(8 - kept))
        }
    }
}
