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

    /// Whether it covers more than any private network does (RFC 1918, RFC 4193), and so some of everybody.
    package var isTooWide: Bool { self.prefixLength < (self.bytes.count == 4 ? 8 : 7) }

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
