extension JSON {
    /// The most that `maximumDepth` can be: the parser recurses, and a thread's stack is finite.
    package static let depthLimit = 256

    /// Reads one JSON text (RFC 8259), strictly: UTF-8 without a byte order mark, no duplicate member names (compared
    /// byte by byte after unescaping), no lone surrogates, nothing after the value.
    ///
    /// `maximumDepth` counts nested arrays and objects; 0 allows a scalar only. More than `depthLimit` is not granted.
    package static func parse(_ bytes: [UInt8], maximumDepth: Int = 32) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes)
        return try parser.document(maximumDepth: min(maximumDepth, depthLimit))
    }
}

/// Reads bytes from left to right, looking at each once.
private struct JSONParser {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document(maximumDepth: Int) throws(JSONError) -> JSON {
        let value = try value(depthLeft: maximumDepth)
        skipWhitespace()
        guard index == bytes.count else { throw .trailingBytes(offset: index) }
        return value
    }

    private mutating func value(depthLeft: Int) throws(JSONError) -> JSON {
        skipWhitespace()
        switch try peek() {
        case UInt8(ascii: "{"): return .object(try members(depthLeft: depthLeft))
        case UInt8(ascii: "["): return .array(try elements(depthLeft: depthLeft))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw .unexpectedByte(offset: index)
        }
    }

    // MARK: Arrays and objects

    private mutating func elements(depthLeft: Int) throws(JSONError) -> [JSON] {
        guard depthLeft > 0 else { throw .tooDeep(offset: index) }
        index += 1
        var elements: [JSON] = []
        if try skips(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value(depthLeft: depthLeft - 1))
            if try skips(UInt8(ascii: "]")) { return elements }
            guard try skips(UInt8(ascii: ",")) else { throw .unexpectedByte(offset: index) }
        }
    }

    private mutating func members(depthLeft: Int) throws(JSONError) -> [JSONMember] {
        guard depthLeft > 0 else { throw .tooDeep(offset: index) }
        index += 1
        var members: [JSONMember] = []
        var names = MemberNames()
        if try skips(UInt8(ascii: "}")) { return members }
        while true {
            skipWhitespace()
            let start = index
            guard try peek() == UInt8(ascii: "\"") else { throw .unexpectedByte(offset: index) }
            let name = try string()
            guard names.insert(name, besides: members) else { throw .duplicateName(offset: start) }
            guard try skips(UInt8(ascii: ":")) else { throw .unexpectedByte(offset: index) }
            members.append(JSONMember(name: name, value: try value(depthLeft: depthLeft - 1)))
            if try skips(UInt8(ascii: "}")) { return members }
            guard try skips(UInt8(ascii: ",")) else { throw .unexpectedByte(offset: index) }
        }
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        let start = index
        index += 1
        var runStart = index
        var unescaped: [UInt8] = []
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                let end = index
                index += 1
                if unescaped.isEmpty {
                    return try text(bytes.span.extracting(runStart..<end), startingAt: start)
                }
                unescaped += bytes[runStart..<end]
                return try text(unescaped.span, startingAt: start)
            case UInt8(ascii: "\\"):
                unescaped += bytes[runStart..<index]
                try escape(into: &unescaped)
                runStart = index
            case 0x00..<0x20:
                throw .controlCharacter(offset: index)
            default:
                index += 1
            }
        }
        throw .unexpectedEnd(offset: index)
    }

    private func text(_ bytes: Span<UInt8>, startingAt start: Int) throws(JSONError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            throw .invalidUTF8(offset: start)
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        let start = index
        index += 1
        let letter = try peek()
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += try scalar(startingAt: start).utf8
        default: throw .invalidEscape(offset: start)
        }
    }

    /// Reads the digits after `\u`, and the second half of a surrogate pair where the first one asks for it.
    private mutating func scalar(startingAt start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try codeUnit(startingAt: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else { throw .loneSurrogate(offset: start) }
        index += 2
        let second = try codeUnit(startingAt: start)
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((UInt32(first) - 0xD800) << 10) + (UInt32(second) - 0xDC00))
        else { throw .loneSurrogate(offset: start) }
        return scalar
    }

    private mutating func codeUnit(startingAt start: Int) throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            let byte = try peek()
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw .invalidEscape(offset: start)
            }
            unit = unit << 4 | UInt16(digit)
            index += 1
        }
        return unit
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> JSONNumber {
        let start = index
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        let firstDigit = index
        guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
        if bytes[firstDigit] == UInt8(ascii: "0"), index > firstDigit + 1 { throw .invalidNumber(offset: start) }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: "e") || bytes[index] == UInt8(ascii: "E") {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
        }
        return JSONNumber(literal: String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) { index += 1 }
        return index - start
    }

    // MARK: Bytes

    private func peek() throws(JSONError) -> UInt8 {
        guard index < bytes.count else { throw .unexpectedEnd(offset: index) }
        return bytes[index]
    }

    private mutating func skipWhitespace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    /// Steps over white space, and over `byte` if it comes next.
    private mutating func skips(_ byte: UInt8) throws(JSONError) -> Bool {
        skipWhitespace()
        guard try peek() == byte else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ word: StaticString) throws(JSONError) {
        for byte in word.description.utf8 {
            guard try peek() == byte else { throw .unexpectedByte(offset: index) }
            index += 1
        }
    }
}

/// The names one object has used. Small objects compare with each name; from there on a set of bytes keeps a hostile
/// object of many members from costing the square of their number.
private struct MemberNames {
    private static let linear = 8
    private var set: Set<[UInt8]> = []

    /// False when `name` is already among the members.
    mutating func insert(_ name: String, besides members: [JSONMember]) -> Bool {
        if members.count < Self.linear {
            return !members.contains { $0.name.utf8.elementsEqual(name.utf8) }
        }
        if set.isEmpty { set = Set(members.map { Array($0.name.utf8) }) }
        return set.insert(Array(name.utf8)).inserted
    }
}
