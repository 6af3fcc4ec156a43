/// Writes a record: numbers in network order, texts behind their length.
struct RecordWriter {
    private(set) var bytes: [UInt8]

    init(version: UInt8) {
        self.bytes = [version]
    }

    mutating func append(_ number: some FixedWidthInteger) {
        for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
            self.bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    mutating func append(_ text: String) {
        self.append(Array(text.utf8))
    }

    mutating func append(_ text: String?) {
        self.bytes.append(text == nil ? 0 : 1)
        if let text { self.append(text) }
    }

    /// Bytes behind their length. Returns where they are.
    @discardableResult
    mutating func append(_ bytes: [UInt8]) -> Range<Int> {
        // Nothing near 4 GiB is ever held in memory here; a record cut short would be refused when it is read.
        self.append(UInt32(truncatingIfNeeded: bytes.count))
        self.bytes += bytes
        return self.bytes.count - bytes.count..<self.bytes.count
    }
}

/// Reads what `RecordWriter` wrote, and throws `malformed` for anything else.
struct RecordReader {
    private let record: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) {
        self.record = bytes
    }

    /// The first byte says which layout follows.
    mutating func expect(version: UInt8) throws(SessionError) {
        guard try self.number(UInt8.self) == version else { throw .unknownVersion }
    }

    /// The same where several can be read.
    mutating func version(among known: [UInt8]) throws(SessionError) -> UInt8 {
        let version = try self.number(UInt8.self)
        guard known.contains(version) else { throw .unknownVersion }
        return version
    }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(SessionError) -> Number {
        var value: Number = 0
        for index in try self.take(Number.bitWidth / 8) {
            value = value << 8 | Number(truncatingIfNeeded: self.record[index])
        }
        return value
    }

    /// One byte, 0 or 1.
    mutating func flag() throws(SessionError) -> Bool {
        switch try self.number(UInt8.self) {
        case 0: false
        case 1: true
        default: throw .malformed
        }
    }

    mutating func bytes() throws(SessionError) -> Range<Int> {
        try self.take(Int(try self.number(UInt32.self)))
    }

    /// Where a text is.
    mutating func utf8() throws(SessionError) -> Range<Int> {
        let range = try self.bytes()
        guard isUTF8(self.record.span.extracting(range)) else { throw .malformed }
        return range
    }

    mutating func text() throws(SessionError) -> String {
        String(decoding: self.record[try self.utf8()], as: UTF8.self)
    }

    mutating func optionalText() throws(SessionError) -> String? {
        try self.flag() ? try self.text() : nil
    }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws(SessionError) -> Range<Int> {
        guard count <= self.record.count - self.index else { throw .malformed }
        defer { self.index += count }
        return self.index..<self.index + count
    }

    /// Nothing may follow.
    func finish() throws(SessionError) {
        guard self.index == self.record.count else { throw .malformed }
    }
}
