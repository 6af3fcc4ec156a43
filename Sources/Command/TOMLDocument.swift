import TOMLKit

/// A configuration file taken apart: values, and the lines they stand on.
package struct TOMLDocument: Sendable {
    /// Why the text is not a document, and where.
    package struct SyntaxError: Error, Equatable {
        /// Counted from 1.
        package let line: Int
        package let message: String

        package init(line: Int, message: String) {
            self.line = line
            self.message = message
        }
    }

    package let members: [SettingMember]
    package let locator: KeyLocator

    /// Reads a document (TOML 1.0). NUL is refused even where TOML allows it as an escape: the parser would cut the text.
    package init(_ bytes: [UInt8]) throws(SyntaxError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SyntaxError(line: Self.lineOfBadUTF8(bytes), message: "the text is not UTF-8")
        }
        let complaint = "NUL cannot be part of a setting"
        if let index = bytes.firstIndex(of: 0) {
            let line = bytes[..<index].count { $0 == UInt8(ascii: "\n") } + 1
            throw SyntaxError(line: line, message: complaint)
        }
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw SyntaxError(line: max(error.source.begin.line, 1), message: error.description)
        } catch {
            throw SyntaxError(line: 1, message: "the text cannot be read")
        }
        self.locator = KeyLocator(bytes)
        if let line = self.locator.lineOfNUL { throw SyntaxError(line: line, message: complaint) }
        self.members = Self.members(of: table, depth: 0)
    }

    private static func members(of table: TOMLTable, depth: Int) -> [SettingMember] {
        // Not the table's own iterator: it unwraps without asking.
        table.keys.compactMap { key in
            table[key].map { SettingMember(key: key, value: self.value($0, depth: depth + 1)) }
        }
    }

    private static func value(_ value: any TOMLValueConvertible, depth: Int) -> SettingValue {
        switch value.type {
        case .string: value.string.map { .string($0) } ?? .other("a string")
        case .int: value.int.map { .integer($0) } ?? .other("a number")
        case .bool: value.bool.map { .boolean($0) } ?? .other("a boolean")
        case .double: .other("a floating-point number")
        case .date, .time, .dateTime: .other("a date or time")
        case .array:
            // Deeper than any setting of ours: it is refused whatever it holds.
            if depth < KeyLocator.deepest, let array = value.array {
                .list(array.map { self.value($0, depth: depth + 1) })
            } else {
                .list([])
            }
        case .table:
            if depth < KeyLocator.deepest, let table = value.table {
                .table(self.members(of: table, depth: depth))
            } else {
                .table([])
            }
        }
    }

    /// UTF-8 can be judged line by line: no character has a line end in its middle.
    private static func lineOfBadUTF8(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let bad = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        return (bad ?? 0) + 1
    }
}
