import Access

/// What a load balancer says in front of a connection about who is at its other end: the PROXY protocol, versions 1 and 2.
package enum ProxyHeader: Equatable {
    /// The connection is for this address.
    case address(String)
    /// The connection is the balancer's own, or it does not know.
    case none

    package enum Reading: Equatable {
        case header(ProxyHeader, length: Int)
        case incomplete
        /// Neither version, or against its grammar.
        case refused
    }

    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// The longest line version 1 can have, its end included.
    private static let lineLimit = 107
    /// More than any balancer's extensions take; version 2 could announce 64 KiB.
    private static let extensionLimit = 4 << 10

    /// Reads what a connection has begun with.
    package static func read(_ bytes: Span<UInt8>) -> Reading {
        guard bytes.count > 0 else { return .incomplete }
        return bytes[0] == Self.signature[0] ? Self.readBinary(bytes) : Self.readLine(bytes)
    }

    // MARK: Version 1: a line of text

    private static func readLine(_ bytes: Span<UInt8>) -> Reading {
        var end: Int?
        for index in 0..<min(bytes.count, Self.lineLimit) where bytes[index] == 0x0A {
            end = index
            break
        }
        let start = Array("PROXY ".utf8)
        for index in 0..<min(bytes.count, start.count) where bytes[index] != start[index] { return .refused }
        guard let end else { return bytes.count < Self.lineLimit ? .incomplete : .refused }
        guard end > start.count, bytes[end - 1] == 0x0D else { return .refused }
        var line: [UInt8] = []
        for index in start.count..<end - 1 { line.append(bytes[index]) }
        guard line.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return .refused }
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        // What follows is to be ignored then.
        if words[0].utf8.elementsEqual("UNKNOWN".utf8) { return .header(.none, length: end + 1) }
        guard words.count == 5, let source = IPAddress(words[1]), IPAddress(words[2]) != nil,
            Self.isPort(words[3]), Self.isPort(words[4]), Self.isAddress(words[1], of: words[0]),
            Self.isAddress(words[2], of: words[0])
        else { return .refused }
        return .header(.address(source.text), length: end + 1)
    }

    private static func isAddress(_ text: String, of family: String) -> Bool {
        let hasColon = text.utf8.contains(UInt8(ascii: ":"))
        return family.utf8.elementsEqual((hasColon ? "TCP6" : "TCP4").utf8)
    }

    private static func isPort(_ text: String) -> Bool {
        guard (1...5).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "0") || text.utf8.count == 1 else {
            return false
        }
        return decimal(text.utf8.span).map { $0 <= 65_535 } ?? false
    }

    // MARK: Version 2: sixteen bytes and what they announce

    private static func readBinary(_ bytes: Span<UInt8>) -> Reading {
        for index in 0..<min(bytes.count, Self.signature.count) where bytes[index] != Self.signature[index] {
            return .refused
        }
        guard bytes.count >= 16 else { return .incomplete }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard bytes[12] >> 4 == 2, length <= Self.extensionLimit else { return .refused }
        let end = 16 + length
        switch bytes[12] & 0x0F {
        case 0: return bytes.count < end ? .incomplete : .header(.none, length: end)
        case 1: break
        default: return .refused
        }
        let addressLength: Int
        switch bytes[13] {
        // TCP or UDP over IPv4.
        case 0x11, 0x12: addressLength = 4
        case 0x21, 0x22: addressLength = 16
        // A unix socket, or nothing that is said: whoever it is has no address.
        case 0x00, 0x31, 0x32: return bytes.count < end ? .incomplete : .header(.none, length: end)
        default: return .refused
        }
        guard length >= 2 * addressLength + 4 else { return .refused }
        guard bytes.count >= end else { return .incomplete }
        let source = (0..<addressLength).map { bytes[16 + $0] }
        guard let address = IPAddress(bytes: source) else { return .refused }
        return .header(.address(address.text), length: end)
    }
}
