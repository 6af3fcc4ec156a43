/// Just enough of gzip (RFC 1952) and DEFLATE (RFC 1951) to answer clients that ask for it, and to be nasty to them.
enum Gzip {
    /// The bytes in stored blocks: valid, and not one bit smaller.
    static func wrap(_ bytes: [UInt8]) -> [UInt8] {
        var result = header
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(0xFFFF)
            rest = rest.dropFirst(block.count)
            let length = UInt16(block.count)
            result.append(rest.isEmpty ? 1 : 0)
            result += [UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)]
            result += block
        } while !rest.isEmpty
        return result + trailer(checksum: checksum(bytes), count: bytes.count)
    }

    /// So many spaces, compressed about 158 times.
    static func spaces(_ count: Int) -> [UInt8] {
        var bits = BitWriter()
        bits.write(0b011, count: 3)  // Last block, fixed Huffman codes; least significant bit first.
        let space = UInt32(0x30 + 0x20)
        if count > 0 { bits.writeCode(space, count: 8) }
        var left = max(0, count - 1)
        while left >= 258 {
            bits.writeCode(0b1100_0101, count: 8)  // Length 258 ...
            bits.writeCode(0, count: 5)  // ... at distance 1.
            left -= 258
        }
        for _ in 0..<left { bits.writeCode(space, count: 8) }
        bits.writeCode(0, count: 7)
        var sum: UInt32 = 0xFFFF_FFFF
        for _ in 0..<max(0, count) { sum = table[Int((sum ^ 0x20) & 255)] ^ (sum >> 8) }
        return header + bits.finished() + trailer(checksum: ~sum, count: count)
    }

    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]

    private static func trailer(checksum: UInt32, count: Int) -> [UInt8] {
        let size = UInt32(truncatingIfNeeded: count)
        return [checksum, size].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32(0xFFFF_FFFF)) { table[Int(($0 ^ UInt32($1)) & 255)] ^ ($0 >> 8) }
    }
}

/// Packs bits into bytes, least significant first.
private struct BitWriter {
    private var bytes: [UInt8] = []
    private var current: UInt8 = 0
    private var used = 0

    mutating func write(_ value: UInt32, count: Int) {
        for position in 0..<count { write(bit: UInt8(value >> position & 1)) }
    }

    /// Huffman codes go most significant bit first.
    mutating func writeCode(_ code: UInt32, count: Int) {
        for position in (0..<count).reversed() { write(bit: UInt8(code >> position & 1)) }
    }

    private mutating func write(bit: UInt8) {
        current |= bit << used
        used += 1
        if used == 8 {
            bytes.append(current)
            current = 0
            used = 0
        }
    }

    func finished() -> [UInt8] {
        used == 0 ? bytes : bytes + [current]
    }
}
