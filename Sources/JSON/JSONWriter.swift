extension JSON {
    /// This value as JSON text in UTF-8, without white space. `<`, `>`, `&` and the line separators of JavaScript are
    /// escaped, so that the text may stand inside an HTML script element.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    /// Appends the same text as `bytes` to a buffer.
    package func append(to buffer: inout [UInt8]) {
        switch self {
        case .null: buffer += "null".utf8
        case .bool(let value): buffer += (value ? "true" : "false").utf8
        case .number(let value): buffer += value.literal.utf8
        case .string(let value): Self.append(value, to: &buffer)
        case .array(let values):
            buffer.append(UInt8(ascii: "["))
            for (position, value) in values.enumerated() {
                if position > 0 { buffer.append(UInt8(ascii: ",")) }
                value.append(to: &buffer)
            }
            buffer.append(UInt8(ascii: "]"))
        case .object(let members):
            buffer.append(UInt8(ascii: "{"))
            for (position, member) in members.enumerated() {
                if position > 0 { buffer.append(UInt8(ascii: ",")) }
                Self.append(member.name, to: &buffer)
                buffer.append(UInt8(ascii: ":"))
                member.value.append(to: &buffer)
            }
            buffer.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ text: String, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                buffer.append(UInt8(ascii: "\\"))
                buffer.append(byte)
            case 0x0A: buffer += #"\n"#.utf8
            case 0x0D: buffer += #"\r"#.utf8
            case 0x09: buffer += #"\t"#.utf8
            case 0x00..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), 0x7F:
                buffer += #"\u00"#.utf8
                buffer.append(hexDigit(byte >> 4))
                buffer.append(hexDigit(byte & 0x0F))
            case 0xA8...0xA9 where buffer.suffix(2).elementsEqual([0xE2, 0x80]):
                // U+2028 or U+2029, of which two bytes are written already.
                buffer.removeLast(2)
                buffer += #"\u202"#.utf8
                buffer.append(hexDigit(byte & 0x0F))
            default: buffer.append(byte)
            }
        }
        buffer.append(UInt8(ascii: "\""))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
