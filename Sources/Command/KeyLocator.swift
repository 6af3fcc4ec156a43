/// Finds the line on which a key of a TOML document stands, for messages: the parser does not keep lines.
///
/// It reads text that the parser has accepted. So it checks nothing, and tells apart only what matters for finding
/// keys: strings (in which anything may stand), comments and brackets. On other text it gives some lines, and ends.
package struct KeyLocator: Sendable {
    /// A step on the way from the document to a value.
    package enum Step: Sendable, Hashable {
        /// Into a table, by the bytes of the key.
        case key([UInt8])
        /// Into an array, counted from 0. Each `[[name]]` is such an item.
        case item(Int)

        /// Into a table, by the text of the key.
        package static func key(_ text: String) -> Step { .key(Array(text.utf8)) }
    }

    /// Paths are kept to this depth; nothing of ours lies deeper.
    static let deepest = 4

    private let lines: [[Step]: Int]
    /// Where a string has an escaped NUL, at which the parser's C interface would cut the text.
    package let lineOfNUL: Int?

    package init(_ text: [UInt8]) {
        var scanner = KeyScanner(text)
        scanner.scan()
        self.lines = scanner.lines
        self.lineOfNUL = scanner.lineOfNUL
    }

    /// The line, counted from 1, where the value at the end of `path` begins; when it is not there, the line of the
    /// table it would be in; otherwise `nil`.
    package func line(of path: [Step]) -> Int? {
        var path = path[...]
        while !path.isEmpty {
            if let line = self.lines[Array(path)] { return line }
            path.removeLast()
        }
        return nil
    }
}
