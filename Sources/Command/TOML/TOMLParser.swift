/// Reads TOML 1.0 from bytes that are UTF-8: headers, keys, and what is around them.
struct TOMLParser {
    private let text: [UInt8]
    private var position = 0
    private(set) var line = 1

    /// More dots in a key, or brackets within brackets, than anybody means.
    static let deepest = 32

    init(_ text: [UInt8]) {
        self.text = text
        // The mark that some editors put first.
        if text.starts(with: [0xef, 0xbb, 0xbf]) { self.position = 3 }
    }

    mutating func parse() throws(TOMLError) -> [SettingMember] {
        let root = TOMLTable(.header, line: 1)
        var table = root
        while true {
            try self.skipBlank()
            guard let byte = self.current else { return root.members }
            if byte == UInt8(ascii: "[") {
                table = try self.parseHeader(below: root)
            } else {
                try self.parsePair(into: table, depth: 0)
            }
            try self.endLine()
        }
    }

    /// `[a.b]` or `[[a.b]]`.
    private mutating func parseHeader(below root: TOMLTable) throws(TOMLError) -> TOMLTable {
        let line = self.line
        self.advance()
        let isList = self.take(UInt8(ascii: "["))
        let path = try self.parseKeys()
        guard self.take(UInt8(ascii: "]")), !isList || self.take(UInt8(ascii: "]")) else {
            throw self.error("a header ends in \(isList ? "\"]]\"" : "\"]\"")")
        }
        return isList ? try root.append(path, line: line) : try root.begin(path, line: line)
    }

    /// `a.b = value`.
    mutating func parsePair(into table: TOMLTable, depth: Int) throws(TOMLError) {
        let line = self.line
        let path = try self.parseKeys()
        guard self.take(UInt8(ascii: "=")) else { throw self.error("a key is followed by \"=\"") }
        self.skipSpaces()
        try table.set(path, try self.parseValue(depth: depth), line: line)
    }

    /// `a`, `"a"`, `'a'` and `a . "b"`, and the spaces around them.
    private mutating func parseKeys() throws(TOMLError) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        repeat {
            self.skipSpaces()
            switch self.current {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                keys.append(try self.parseShortString())
            default:
                let key = self.take(while: \.isBareKeyByte)
                guard !key.isEmpty else {
                    throw self.error("a key is made of letters, digits, \"-\" and \"_\", or it is quoted")
                }
                keys.append(Array(key))
            }
            guard keys.count <= Self.deepest else { throw self.error("a key has too many dots") }
            self.skipSpaces()
        } while self.take(UInt8(ascii: "."))
        return keys
    }

    /// Nothing but a comment may follow on a line.
    private mutating func endLine() throws(TOMLError) {
        self.skipSpaces()
        try self.skipComment()
        guard self.current == nil || self.takeLineEnd() else {
            throw self.error("a header or a value ends its line; text is put between quotation marks")
        }
    }
}

extension TOMLParser {
    var current: UInt8? { self.position < self.text.count ? self.text[self.position] : nil }

    func error(_ message: String) -> TOMLError { TOMLError(line: self.line, message: message) }

    /// Never over a line end, which is for `takeLineEnd`.
    mutating func advance() { self.position += 1 }

    /// Whether these bytes come next.
    func isNext(_ bytes: [UInt8]) -> Bool { self.text[self.position...].starts(with: bytes) }

    /// Goes behind the byte if it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard self.current == byte else { return false }
        self.advance()
        return true
    }

    mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = self.text[self.position...].prefix(while: isWanted)
        self.position = taken.endIndex
        return taken
    }

    /// LF or CR LF; a CR alone is no line end.
    mutating func takeLineEnd() -> Bool {
        let length = self.isNext([0x0d, 0x0a]) ? 2 : self.current == 0x0a ? 1 : 0
        self.position += length
        if length > 0 { self.line += 1 }
        return length > 0
    }

    mutating func skipSpaces() {
        _ = self.take { $0 == 0x20 || $0 == 0x09 }
    }

    /// Spaces, comments and line ends.
    mutating func skipBlank() throws(TOMLError) {
        repeat {
            self.skipSpaces()
            try self.skipComment()
        } while self.takeLineEnd()
    }

    private mutating func skipComment() throws(TOMLError) {
        guard self.current == UInt8(ascii: "#") else { return }
        _ = self.take { !$0.isControl }
        guard self.current == nil || self.isNext([0x0a]) || self.isNext([0x0d, 0x0a]) else {
            throw self.error("a comment has no control characters")
        }
    }
}

extension UInt8 {
    fileprivate var isBareKeyByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// What may stand nowhere as it is: the C0 controls but TAB, and DEL.
    var isControl: Bool { self < 0x20 && self != 0x09 || self == 0x7f }
}
