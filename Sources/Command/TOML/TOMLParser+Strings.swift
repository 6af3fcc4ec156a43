extension TOMLParser {
    /// One of the four kinds, from its first quote to its last.
    mutating func parseString() throws(TOMLError) -> [UInt8] {
        let quote = self.current ?? UInt8(ascii: "\"")
        return self.isNext([quote, quote, quote]) ? try self.parseLongString(quote) : try self.parseShortString()
    }

    /// `"…"` or `'…'`, on one line.
    mutating func parseShortString() throws(TOMLError) -> [UInt8] {
        guard let quote = self.current else { return [] }
        self.advance()
        var string: [UInt8] = []
        while let byte = self.current {
            if self.take(quote) { return string }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                self.advance()
                try self.parseEscape(into: &string)
                continue
            }
            guard !byte.isControl else { break }
            string.append(byte)
            self.advance()
        }
        throw self.error("a text in quotation marks ends on its line, and has no control characters")
    }

    /// `"""…"""` or `'''…'''`, on several lines. Line ends are LF in the text, and one right behind the first quotes is
    /// not part of it.
    private mutating func parseLongString(_ quote: UInt8) throws(TOMLError) -> [UInt8] {
        let line = self.line
        let end = [quote, quote, quote]
        for _ in end { self.advance() }
        _ = self.takeLineEnd()
        var string: [UInt8] = []
        while let byte = self.current {
            if self.isNext(end) {
                // Up to two quotes of the text may stand before the three that end it.
                let run = self.take { $0 == quote }
                guard run.count <= 5 else { throw self.error("a text has too many quotation marks at its end") }
                return string + run.dropLast(3)
            }
            if self.takeLineEnd() {
                string.append(0x0a)
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                self.advance()
                if !self.skipEscapedLineEnd() { try self.parseEscape(into: &string) }
            } else {
                guard !byte.isControl else { throw self.error("a text has no control characters") }
                string.append(byte)
                self.advance()
            }
        }
        throw TOMLError(line: line, message: "a text that begins here does not end")
    }

    /// A backslash at the end of a line leaves out the line end and all blanks behind it.
    private mutating func skipEscapedLineEnd() -> Bool {
        var ahead = self
        ahead.skipSpaces()
        guard ahead.takeLineEnd() else { return false }
        repeat { ahead.skipSpaces() } while ahead.takeLineEnd()
        self = ahead
        return true
    }

    /// What follows a backslash.
    private mutating func parseEscape(into string: inout [UInt8]) throws(TOMLError) {
        let byte = self.current
        let plain: UInt8
        switch byte {
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "n"): plain = 0x0a
        case UInt8(ascii: "f"): plain = 0x0c
        case UInt8(ascii: "r"): plain = 0x0d
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): plain = byte ?? 0
        case UInt8(ascii: "u"): return try self.parseScalar(digits: 4, into: &string)
        case UInt8(ascii: "U"): return try self.parseScalar(digits: 8, into: &string)
        default: throw self.error("a backslash is followed by one of b t n f r \" \\ u U; '…' takes it as it is")
        }
        self.advance()
        string.append(plain)
    }

    private mutating func parseScalar(digits count: Int, into string: inout [UInt8]) throws(TOMLError) {
        self.advance()
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = self.current.flatMap({ UInt32(String(UnicodeScalar($0)), radix: 16) }) else {
                throw self.error("\\u is followed by 4 hexadecimal digits, \\U by 8")
            }
            value = value << 4 | digit
            self.advance()
        }
        guard value != 0, let scalar = UnicodeScalar(value) else {
            throw self.error("an escaped character is NUL or does not exist")
        }
        string += Array(String(scalar).utf8)
    }
}
