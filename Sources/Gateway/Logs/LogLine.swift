package import NIOCore

/// A log line as one JSON object, written straight into a buffer: an exchange must not pay for a dictionary.
extension WireBytes {
    package mutating func beginLogLine(time: String) {
        self.append("{\"time\":\"")
        self.append(time)
        self.append("\"")
    }

    package mutating func endLogLine() {
        self.append("}\n")
    }

    package mutating func writeLogMember(_ key: String, _ value: String) {
        self.writeLogKey(key)
        self.writeJSONString(value)
    }

    /// Plain as it is: an id that is none is not taken over.
    package mutating func writeLogMember(_ key: String, _ id: RequestID) {
        self.writeLogKey(key)
        self.append(UInt8(ascii: "\""))
        self.append(id)
        self.append(UInt8(ascii: "\""))
    }

    /// A part of a longer text.
    package mutating func writeLogMember(_ key: String, _ value: Substring.UTF8View) {
        self.writeLogMember(key, String(Substring(value)))
    }

    package mutating func writeLogMember(_ key: String, _ value: Int) {
        self.writeLogKey(key)
        self.append(value)
    }

    /// Milliseconds with three decimals.
    package mutating func writeLogMember(_ key: String, _ duration: TimeAmount) {
        self.writeLogKey(key)
        let microseconds = max(duration.nanoseconds, 0) / 1000
        let fraction = microseconds % 1000
        self.append(String(microseconds / 1000))
        self.append(fraction < 10 ? ".00" : fraction < 100 ? ".0" : ".")
        self.append(String(fraction))
    }

    /// A member whose name is not known before run time.
    package mutating func writeLogMember(named key: String, _ value: String) {
        self.append(",")
        self.writeJSONString(key)
        self.append(":")
        self.writeJSONString(value)
    }

    private mutating func writeLogKey(_ key: String) {
        self.append(",\"")
        self.append(key)
        self.append("\":")
    }

    /// A line of ours never breaks, whatever a stranger sent.
    private mutating func writeJSONString(_ text: String) {
        self.append(UInt8(ascii: "\""))
        if Self.isPlain(text.utf8.span) { self.append(text) } else { self.writeEscaped(text.utf8.span) }
        self.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where Self.needsEscape(bytes[index]) { return false }
        return true
    }

    private mutating func writeEscaped(_ bytes: Span<UInt8>) {
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                self.append(UInt8(ascii: "\\"))
                self.append(byte)
            } else if Self.needsEscape(byte) {
                let code = String(byte, radix: 16)
                self.append(code.utf8.count == 1 ? "\\u000\(code)" : "\\u00\(code)")
            } else {
                self.append(byte)
            }
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7f || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}

/// Text for a terminal: control characters would speak to the terminal itself, and what could pass for another word of
/// the line is quoted.
package func printable(_ text: String) -> String {
    let clean = text.utf8.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
    guard clean.contains(where: { " =\"\\".utf8.contains($0) }) else { return String(decoding: clean, as: UTF8.self) }
    let quoted = clean.flatMap { byte in
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
    }
    return "\"" + String(decoding: quoted, as: UTF8.self) + "\""
}
