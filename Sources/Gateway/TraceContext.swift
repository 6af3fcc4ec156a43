import Cryptography

/// Where an exchange stands in a trace (W3C Trace Context): the trace it belongs to, and our own step in it.
package struct TraceContext {
    /// 32 lower-case hexadecimal digits.
    package let traceID: String
    /// 16 of them: this exchange.
    package let spanID: String
    /// Two: whether whoever is asked records the trace.
    private let flags: String
    /// Whether somebody before us began the trace: then what they say beside it (`tracestate`) goes on, too.
    package let isContinued: Bool

    /// Continues what a `traceparent` field says; begins a trace when there is none, or none that can be read.
    ///
    /// - Parameters:
    ///   - field: the field's value; two of them, joined, are none.
    ///   - random: so many bytes that nobody else has.
    package init(continuing field: String?, random: (Int) -> [UInt8] = { Random.bytes($0) }) {
        self.spanID = Self.hex(random(8))
        if let field, let parent = Self.read(field) {
            self.traceID = parent.traceID
            self.flags = parent.flags
            self.isContinued = true
        } else {
            self.traceID = Self.hex(random(16))
            self.flags = "00"
            self.isContinued = false
        }
    }

    func write(into wire: inout WireBytes) {
        wire.append("traceparent: 00-")
        wire.append(self.traceID)
        wire.append("-")
        wire.append(self.spanID)
        wire.append("-")
        wire.append(self.flags)
        wire.append("\r\n")
    }

    /// `version-traceid-parentid-flags`. A later version may have more behind it; 255 is none (3.2 and 4.3).
    private static func read(_ field: String) -> (traceID: String, flags: String)? {
        let bytes = Array(field.utf8)
        guard bytes.count >= 55, bytes[2] == 0x2D, bytes[35] == 0x2D, bytes[52] == 0x2D else { return nil }
        let version = bytes[0..<2]
        guard Self.isHex(version), !version.elementsEqual("ff".utf8) else { return nil }
        guard bytes.count == 55 || (!version.elementsEqual("00".utf8) && bytes[55] == 0x2D) else { return nil }
        let traceID = bytes[3..<35]
        let parentID = bytes[36..<52]
        let flags = bytes[53..<55]
        guard Self.isHex(traceID), Self.isHex(parentID), Self.isHex(flags) else { return nil }
        guard traceID.contains(where: { $0 != 0x30 }), parentID.contains(where: { $0 != 0x30 }) else { return nil }
        return (String(decoding: traceID, as: UTF8.self), String(decoding: flags, as: UTF8.self))
    }

    private static func isHex(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
