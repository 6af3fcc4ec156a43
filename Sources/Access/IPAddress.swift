/// An address of a host: 4 bytes or 16. One of IPv4 that comes mapped into IPv6 (RFC 4291, 2.5.5.2) is one of IPv4.
package struct IPAddress: Sendable, Hashable {
    package let bytes: [UInt8]

    /// `nil` for anything that is no address: names, leading zeros, zones, brackets.
    package init?(_ text: String) {
        let utf8 = Array(text.utf8)
        if let v4 = Self.v4(utf8) {
            self.bytes = v4
        } else if let v6 = IPv6Address(utf8.span, from: 0, to: utf8.count) {
            let bytes = v6.groups.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
            let isMapped = bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
            self.bytes = isMapped ? Array(bytes[12...]) : bytes
        } else {
            return nil
        }
    }

    /// From its 4 or 16 bytes; `nil` for any other number of them.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        let isMapped = bytes.count == 16 && bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
    }

    /// Without brackets; IPv6 as RFC 5952 asks.
    package var text: String {
        guard self.bytes.count == 16 else { return self.bytes.map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(self.bytes[$0]) << 8 | UInt16(self.bytes[$0 + 1]) }
        return IPv6Address(groups: groups).text
    }

    private static func v4(_ text: [UInt8]) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(\.isDigit), part.count == 1 || part.first != 0x30 else {
                return nil
            }
            let value = part.reduce(0) { $0 * 10 + Int($1 - 0x30) }
            guard value <= 255 else { return nil }
            bytes.append(UInt8(value))
        }
        return bytes
    }
}
