/// One walk over a TOML document that notes the line of each key; see `KeyLocator`.
struct KeyScanner {
    typealias Step = KeyLocator.Step

    private(set) var lines: [[Step]: Int] = [:]
    private(set) var lineOfNUL: Int?

    private let text: [UInt8]
    private var position = 0
    private var line = 1
    /// What keys are relative to: the last header.
    private var table: [Step] = []
    /// How many `[[name]]` there have been.
    private var items: [[Step]: Int] = [:]
    /// The parser has a limit of its own; this one keeps any text from exhausting the stack.
    private static let deepestNesting = 256

    init(_ text: [UInt8]) {
        self.text = text
        if text.starts(with: [0xef, 0xbb, 0xbf]) { self.position = 3 }
    }

    mutating func scan() {
        while true {
            self.skipBlank()
            guard let byte = self.current else { return }
            let start = self.position
            if byte == UInt8(ascii: "[") {
                self.scanHeader()
            } else {
                self.scanPair(below: self.table, depth: 0)
            }
            // Whatever stands here is not TOML; the walk must end all the same.
            if self.position == start { self.advance() }
        }
    }

    private var current: UInt8? { self.position < self.text.count ? self.text[self.position] : nil }

    private func at(_ bytes: String.UTF8View) -> Bool { self.text[self.position...].starts(with: bytes) }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where self.position < self.text.count {
            if self.text[self.position] == UInt8(ascii: "\n") { self.line += 1 }
            self.position += 1
        }
    }

    private mutating func skipSpaces() {
        while self.current == UInt8(ascii: " ") || self.current == UInt8(ascii: "\t") { self.advance() }
    }

    private mutating func skipLine() {
        while let byte = self.current, byte != UInt8(ascii: "\n") { self.advance() }
    }

    /// Spaces, line ends and comments.
    private mutating func skipBlank() {
        while let byte = self.current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): self.advance()
            case UInt8(ascii: "#"): self.skipLine()
            default: return
            }
        }
    }

    /// The first mention counts.
    private mutating func note(_ path: [Step], _ line: Int) {
        guard path.count <= KeyLocator.deepest, self.lines[path] == nil else { return }
        self.lines[path] = line
    }

    /// `[a.b]` and `[[a.b]]`.
    private mutating func scanHeader() {
        let line = self.line
        self.advance()
        let isItem = self.current == UInt8(ascii: "[")
        if isItem { self.advance() }
        let keys = self.scanKeys()
        var path: [Step] = []
        for (index, key) in keys.enumerated() {
            path.append(.key(key))
            self.note(path, line)
            if isItem, index == keys.count - 1 { self.items[path, default: 0] += 1 }
            if let count = self.items[path] {
                path.append(.item(count - 1))
                self.note(path, line)
            }
        }
        self.table = path
        self.skipLine()
    }

    /// `key = value`.
    private mutating func scanPair(below table: [Step], depth: Int) {
        let line = self.line
        var path = table
        for key in self.scanKeys() {
            path.append(.key(key))
            self.note(path, line)
        }
        self.skipSpaces()
        guard self.current == UInt8(ascii: "=") else { return }
        self.advance()
        self.skipSpaces()
        self.scanValue(at: path, depth: depth)
    }

    /// `a`, `"a"`, `'a'`, `a . "b"`.
    private mutating func scanKeys() -> [[UInt8]] {
        var keys: [[UInt8]] = []
        while true {
            self.skipSpaces()
            if self.current == UInt8(ascii: "\"") || self.current == UInt8(ascii: "'") {
                keys.append(self.scanString())
            } else {
                let start = self.position
                while let byte = self.current, !" \t\r\n.=[]{},#\"'".utf8.contains(byte) { self.advance() }
                guard self.position > start else { return keys }
                keys.append(Array(self.text[start..<self.position]))
            }
            self.skipSpaces()
            guard self.current == UInt8(ascii: ".") else { return keys }
            self.advance()
        }
    }

    private mutating func scanValue(at path: [Step], depth: Int) {
        guard depth < Self.deepestNesting else { return }
        switch self.current {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            _ = self.scanString()
        case UInt8(ascii: "["):
            self.scanList(until: UInt8(ascii: "]")) { scanner, index in
                let item = path + [.item(index)]
                scanner.note(item, scanner.line)
                scanner.scanValue(at: item, depth: depth + 1)
            }
        case UInt8(ascii: "{"):
            self.scanList(until: UInt8(ascii: "}")) { scanner, _ in
                scanner.scanPair(below: path, depth: depth + 1)
            }
        default:
            while let byte = self.current, !",]}#\r\n".utf8.contains(byte) { self.advance() }
        }
    }

    /// An array or an inline table, from its first bracket to its last; both may have comments and line ends inside.
    private mutating func scanList(until end: UInt8, _ scanItem: (inout KeyScanner, Int) -> Void) {
        self.advance()
        var index = 0
        while true {
            self.skipBlank()
            guard let byte = self.current else { return }
            if byte == end { return self.advance() }
            let start = self.position
            if byte == UInt8(ascii: ",") {
                index += 1
            } else {
                scanItem(&self, index)
            }
            if self.position == start { self.advance() }
        }
    }
}

extension KeyScanner {
    /// One of TOML's four kinds of strings, with its escapes decoded, from quote to quote.
    private mutating func scanString() -> [UInt8] {
        guard let quote = self.current else { return [] }
        let triple = [quote, quote, quote]
        let isLong = self.text[self.position...].starts(with: triple)
        self.advance(isLong ? 3 : 1)
        var string: [UInt8] = []
        while let byte = self.current {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                self.scanEscape(into: &string)
                continue
            }
            if byte == quote {
                guard isLong else {
                    self.advance()
                    return string
                }
                // Up to five may stand here: two that belong to the text, and the three that end it.
                let run = self.text[self.position...].prefix(5).prefix { $0 == quote }.count
                self.advance(run)
                string += Array(repeating: quote, count: run >= 3 ? run - 3 : run)
                if run >= 3 { return string }
                continue
            }
            // Only long strings go on after a line end.
            if byte == UInt8(ascii: "\n"), !isLong { return string }
            string.append(byte)
            self.advance()
        }
        return string
    }

    private mutating func scanEscape(into string: inout [UInt8]) {
        self.advance()
        guard let byte = self.current else { return }
        self.advance()
        switch byte {
        case UInt8(ascii: "b"): string.append(0x08)
        case UInt8(ascii: "t"): string.append(0x09)
        case UInt8(ascii: "n"): string.append(0x0a)
        case UInt8(ascii: "f"): string.append(0x0c)
        case UInt8(ascii: "r"): string.append(0x0d)
        case UInt8(ascii: "e"): string.append(0x1b)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): string.append(byte)
        case UInt8(ascii: "x"): self.scanScalar(digits: 2, into: &string)
        case UInt8(ascii: "u"): self.scanScalar(digits: 4, into: &string)
        case UInt8(ascii: "U"): self.scanScalar(digits: 8, into: &string)
        default: break  // A line end, which is left out of the text.
        }
    }

    private mutating func scanScalar(digits: Int, into string: inout [UInt8]) {
        let text = self.text[self.position...].prefix(digits)
        guard text.count == digits, let value = UInt32(String(decoding: text, as: UTF8.self), radix: 16) else { return }
        if value == 0 { self.lineOfNUL = self.lineOfNUL ?? self.line }
        self.advance(digits)
        if let scalar = Unicode.Scalar(value) { string += Array(String(scalar).utf8) }
    }
}
