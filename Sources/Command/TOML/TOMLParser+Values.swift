extension TOMLParser {
    /// What stands behind `=`, or in an array.
    mutating func parseValue(depth: Int) throws(TOMLError) -> SettingValue {
        guard depth < Self.deepest else { throw self.error("there are too many brackets within brackets") }
        switch self.current {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return .string(String(decoding: try self.parseString(), as: UTF8.self))
        case UInt8(ascii: "["):
            return try self.parseArray(depth: depth)
        case UInt8(ascii: "{"):
            return try self.parseInlineTable(depth: depth)
        default:
            return try self.parseWord()
        }
    }

    /// `[1, 2]`, on one line or several; a comma may stand behind the last.
    private mutating func parseArray(depth: Int) throws(TOMLError) -> SettingValue {
        self.advance()
        var items: [SettingValue] = []
        while true {
            try self.skipBlank()
            if self.take(UInt8(ascii: "]")) { return .list(items) }
            items.append(try self.parseValue(depth: depth + 1))
            try self.skipBlank()
            if self.take(UInt8(ascii: ",")) { continue }
            guard self.take(UInt8(ascii: "]")) else {
                throw self.error("a list has commas between its values, and ends in \"]\"")
            }
            return .list(items)
        }
    }

    /// `{ a = 1, b = 2 }`, on one line.
    private mutating func parseInlineTable(depth: Int) throws(TOMLError) -> SettingValue {
        let table = TOMLTable(.header, line: self.line)
        let line = self.line
        self.advance()
        self.skipSpaces()
        if self.take(UInt8(ascii: "}")) { return .table([], line: line) }
        while true {
            try self.parsePair(into: table, depth: depth + 1)
            self.skipSpaces()
            if self.take(UInt8(ascii: ",")) { continue }
            guard self.take(UInt8(ascii: "}")) else {
                throw self.error("a table in braces has commas between its keys, and ends in \"}\" on the same line")
            }
            return .table(table.members, line: line)
        }
    }

    /// A value without quotation marks or brackets.
    private mutating func parseWord() throws(TOMLError) -> SettingValue {
        let bytes = Array(self.take { !$0.isControl && !" \t,]}#=\"'[{".utf8.contains($0) })
        if bytes.elementsEqual("true".utf8) { return .boolean(true) }
        if bytes.elementsEqual("false".utf8) { return .boolean(false) }
        if let number = try self.integer(bytes) { return .integer(number) }
        // No setting of ours is a time or a fraction, so how one is written need not be judged: it is refused as what
        // it looks like.
        let unsigned = bytes.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        if ["inf", "nan"].contains(where: { unsigned.elementsEqual($0.utf8) }) {
            return .other("a floating-point number")
        }
        guard let first = unsigned.first, first.isDigit else {
            throw self.error("a value is text between quotation marks, a number, true, false, or a list")
        }
        let isTime = unsigned.contains(UInt8(ascii: ":")) || unsigned.split(separator: UInt8(ascii: "-")).count == 3
        return .other(isTime ? "a date or time" : "a floating-point number")
    }

    /// `nil` when the word is no integer: decimal with a sign, hexadecimal, octal or binary, `_` between digits.
    private func integer(_ bytes: [UInt8]) throws(TOMLError) -> Int? {
        var digits = bytes[...]
        var radix = 10
        for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] where bytes.starts(with: prefix.utf8) {
            digits = digits.dropFirst(2)
            radix = base
        }
        let sign = radix == 10 ? digits.first.flatMap { "+-".utf8.contains($0) ? $0 : nil } : nil
        if sign != nil { digits = digits.dropFirst() }
        let groups = digits.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        let isDigit = { (byte: UInt8) in Int(String(UnicodeScalar(byte)), radix: radix) != nil }
        guard groups.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isDigit) }) else { return nil }
        guard radix != 10 || digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            throw self.error("a number does not begin with 0")
        }
        let text = (sign == UInt8(ascii: "-") ? "-" : "") + String(decoding: groups.joined(), as: UTF8.self)
        guard let number = Int(text, radix: radix) else { throw self.error("a number is too large") }
        return number
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
