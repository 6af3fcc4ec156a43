package import NIOCore

/// Brings a response's head into the one form that our reader takes, for upstreams whose quirks the operator tolerates.
/// Only what has a single meaning is mended; everything else is left for the reader to refuse.
package struct HeadMender {
    private let quirks: [Upstream.Quirk]
    private var collected: [UInt8] = []
    private static let limit = 256 << 10

    package init(_ quirks: [Upstream.Quirk]) {
        self.quirks = quirks
    }

    package mutating func reset() {
        self.collected.removeAll()
    }

    /// Takes bytes up to the end of a head out of the buffer. Returns the mended head once it is complete.
    package mutating func read(_ buffer: inout ByteBuffer) throws(MessageError) -> ByteBuffer? {
        while let byte: UInt8 = buffer.readInteger() {
            self.collected.append(byte)
            if byte == 0x0A, self.endsWithEmptyLine { return self.mended() }
            guard self.collected.count <= Self.limit else { throw .fieldsTooLarge }
        }
        return nil
    }

    /// LF, or CR LF, behind another one.
    private var endsWithEmptyLine: Bool {
        let bytes = self.collected
        var index = bytes.count - 2
        if index >= 0, bytes[index] == 0x0D { index -= 1 }
        return index >= 0 && bytes[index] == 0x0A
    }

    private mutating func mended() -> ByteBuffer {
        var mended: [[UInt8]] = []
        var lines = self.collected.split(separator: 0x0A, omittingEmptySubsequences: false)
        // Behind the last LF there is nothing.
        lines.removeLast()
        for line in lines {
            var line = Array(line)
            let hadReturn = line.last == 0x0D
            if hadReturn { line.removeLast() }
            // Left as it came, the reader refuses it.
            let end: [UInt8] = hadReturn || self.quirks.contains(.bareLineFeed) ? [0x0D, 0x0A] : [0x0A]
            if self.quirks.contains(.foldedFields), mended.count > 1, line.count > 1,
                line[0] == 0x20 || line[0] == 0x09, mended[mended.count - 1].suffix(2) == [0x0D, 0x0A]
            {
                // One or more spaces in the place of the fold (RFC 9112, 5.2).
                mended[mended.count - 1].removeLast(2)
                mended[mended.count - 1] += [0x20] + line.drop { $0 == 0x20 || $0 == 0x09 } + end
            } else if self.quirks.contains(.repeatedLength), Self.isLength(line),
                mended.contains(where: { Self.isSame($0, line) })
            {
                continue
            } else {
                mended.append(line + end)
            }
        }
        self.collected.removeAll()
        return ByteBuffer(bytes: mended.joined())
    }

    private static let lengthName = Array("content-length:".utf8)

    private static func isLength(_ line: [UInt8]) -> Bool {
        line.prefix(Self.lengthName.count).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 } == Self.lengthName
    }

    /// Whether a line that has been kept names the same length.
    private static func isSame(_ kept: [UInt8], _ line: [UInt8]) -> Bool {
        guard Self.isLength(kept) else { return false }
        func value(_ line: [UInt8]) -> [UInt8] {
            line.dropFirst(Self.lengthName.count).filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D && $0 != 0x0A }
        }
        return value(kept) == value(line)
    }
}
