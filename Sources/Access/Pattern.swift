/// A pattern for text, matched in time proportional to its length (see `PatternProgram`). It covers the whole text.
///
/// Allowed are characters, `.`, classes such as `[a-z_]` and `[^/]`, `\d`, `\w`, `\s`, `\` before punctuation, groups,
/// `|`, `*`, `+`, `?`, and `{2}`, `{2,}`, `{2,5}`.
package struct Pattern: Sendable, Equatable {
    /// As it was written.
    package let text: String
    private let program: PatternProgram

    /// A longer text is not looked at.
    package static let longestText = 4096

    /// Throws `PatternError`, which says what is not allowed and where.
    package init(_ text: String) throws(PatternError) {
        var parser = PatternParser(text)
        self.program = PatternProgram(try parser.parse())
        self.text = text
    }

    /// Whether the pattern covers all of the text. Never true for one that is longer than `longestText`.
    package func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars.prefix(Self.longestText + 1))
        return scalars.count <= Self.longestText && self.program.covers(scalars)
    }

    package static func == (left: Pattern, right: Pattern) -> Bool {
        left.text.isExactly(right.text)
    }
}

/// Characters by their numbers.
struct ScalarSet: Sendable, Equatable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    static let everything = ScalarSet(isNegated: true)
    static let digits = ScalarSet(ranges: [0x30...0x39])
    static let word = ScalarSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet(ranges: [0x09...0x0D, 0x20...0x20])

    static func one(_ scalar: Unicode.Scalar) -> ScalarSet {
        ScalarSet(ranges: [scalar.value...scalar.value])
    }

    func contains(_ scalar: UInt32) -> Bool {
        self.ranges.contains { $0.contains(scalar) } != self.isNegated
    }
}
