import NIOCore

/// A log line as one JSON object, written straight into a buffer: an exchange must not pay for a dictionary.
extension ByteBuffer {
    mutating func beginLogLine(time: String) {
        self.writeStaticString("{\"time\":\"")
        self.writeString(time)
        self.writeStaticString("\"")
    }

    mutating func endLogLine() {
        self.writeStaticString("}\n")
    }

    mutating func writeLogMember(_ key: StaticString, _ value: String) {
        self.writeLogKey(key)
        self.writeJSONString(value.utf8)
    }

    mutating func writeLogMember(_ key: StaticString, _ value: Substring.UTF8View) {
        self.writeLogKey(key)
        self.writeJSONString(value)
    }

    mutating func writeLogMember(_ key: StaticString, _ value: Int) {
        self.writeLogKey(key)
        self.writeString(String(value))
    }

    /// Milliseconds with three decimals.
    mutating func writeLogMember(_ key: StaticString, _ duration: TimeAmount) {
        self.writeLogKey(key)
        let microseconds = max(duration.nanoseconds, 0) / 1000
        let fraction = microseconds % 1000
        self.writeString(String(microseconds / 1000))
        self.writeStaticString(fraction < 10 ? ".00" : fraction < 100 ? ".0" : ".")
        self.writeString(String(fraction))
    }

    /// A member whose name is not known before run time.
    mutating func writeLogMember(named key: String, _ value: String) {
        self.writeStaticString(",")
        self.writeJSONString(key.utf8)
        self.writeStaticString(":")
        self.writeJSONString(value.utf8)
    }

    private mutating func writeLogKey(_ key: StaticString) {
        self.writeStaticString(",\"")
        self.writeStaticString(key)
        self.writeStaticString("\":")
    }

    /// A line of ours never breaks, whatever a stranger sent.
    private mutating func writeJSONString(_ text: some Collection<UInt8>) {
        self.writeStaticString("\"")
        if text.contains(where: Self.needsEscape) {
            for byte in text {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    self.writeBytes([UInt8(ascii: "\\"), byte])
                } else if Self.needsEscape(byte) {
                    let code = String(byte, radix: 16)
                    self.writeString(code.utf8.count == 1 ? "\\u000\(code)" : "\\u00\(code)")
                } else {
                    self.writeInteger(byte)
                }
            }
        } else {
            self.writeBytes(text)
        }
        self.writeStaticString("\"")
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7f || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}

/// Text for a terminal: control characters would speak to the terminal itself.
func printable(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
}
