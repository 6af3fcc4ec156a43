/// A text as TOML 1.0, with the line of each key.
///
/// A reader of our own, because the one there is for Swift hands the text to a C++ parser that ends the process on
/// such small mistakes as `[ü]` and `a = [}`, cuts it at a NUL, and keeps no lines.
package struct TOMLDocument: Sendable {
    package let members: [SettingMember]

    /// Reads a document. Stricter than TOML in one thing: no string has a NUL, not even an escaped one.
    ///
    /// - Throws: the first mistake.
    package init(_ bytes: [UInt8]) throws(TOMLError) {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw TOMLError(line: Self.lineOfBadUTF8(bytes), message: "the text is not UTF-8")
        }
        var parser = TOMLParser(bytes)
        self.members = try parser.parse()
    }

    /// UTF-8 can be judged line by line: no character has a line end in its middle.
    private static func lineOfBadUTF8(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let bad = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        return (bad ?? 0) + 1
    }
}

/// Why a text is not TOML. It never repeats what is in a string.
package struct TOMLError: Error, Equatable {
    /// Counted from 1.
    package let line: Int
    package let message: String

    package init(line: Int, message: String) {
        self.line = line
        self.message = message
    }
}
