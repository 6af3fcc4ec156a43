/// A rule of Logto's Protected App: the paths it is found in are pages for which somebody has to be signed in.
///
/// Written as in JavaScript, as far as paths need it: beside what a `Pattern` has, `^`, `$`, `(?:`, look-ahead (`(?=` and
/// `(?!`) and `*?` are understood. It may be found anywhere in the path unless `^` and `$` say where.
package struct PageRule: Sendable, Equatable {
    /// As it was written.
    package let text: String
    private let program: PatternProgram

    /// A longer path is a page of every rule.
    package static let longestPath = 2048

    /// Throws `PatternError`, which says what is not allowed and where.
    package init(_ text: String) throws(PatternError) {
        var parser = PatternParser(text, isPageRule: true)
        self.program = PatternProgram(try parser.parse())
        self.text = text
    }

    /// Whether a decoded path is one of its pages.
    package func matches(_ path: [UInt8]) -> Bool {
        guard path.count <= Self.longestPath else { return true }
        return self.program.isFound(in: Array(String(decoding: path, as: UTF8.self).unicodeScalars))
    }

    package static func == (left: PageRule, right: PageRule) -> Bool {
        left.text.isExactly(right.text)
    }
}
