/// A pattern for text, matched in time proportional to its length: all ways are followed at once, so none has to be
/// tried again. It covers the whole text.
///
/// Allowed are characters, `.`, classes such as `[a-z_]` and `[^/]`, `\d`, `\w`, `\s`, `\` before punctuation, groups,
/// `|`, `*`, `+`, `?`, and `{2}`, `{2,}`, `{2,5}`.
package struct Pattern: Sendable, Equatable {
    /// As it was written.
    package let text: String
    private let steps: [Step]

    /// What a text is compared with, one character (Unicode scalar) at a time.
    enum Step: Sendable, Equatable {
        /// One character of these.
        case scalar(ScalarSet)
        /// Both ways are followed.
        case split(Int, Int)
        case jump(Int)
        /// The text matches if it ends here.
        case accept
    }

    /// A longer text is not looked at.
    package static let longestText = 4096

    /// Throws `PatternError`, which says what is not allowed and where.
    package init(_ text: String) throws(PatternError) {
        var parser = PatternParser(text)
        let node = try parser.parse()
        var steps: [Step] = []
        node.append(to: &steps)
        steps.append(.accept)
        self.text = text
        self.steps = steps
    }

    /// Whether the pattern covers all of the text. Never true for one that is longer than `longestText`.
    package func matches(_ text: String) -> Bool {
        var current = Ways(count: self.steps.count)
        var next = current
        self.follow(0, into: &current)
        var length = 0
        for scalar in text.unicodeScalars {
            length += 1
            guard length <= Self.longestText, !current.isEmpty else { return false }
            next.clear()
            for index in current.steps {
                if case .scalar(let set) = self.steps[index], set.contains(scalar.value) {
                    self.follow(index + 1, into: &next)
                }
            }
            swap(&current, &next)
        }
        return current.steps.contains { self.steps[$0] == .accept }
    }

    /// Adds a step, and all that can be reached from it without a character.
    private func follow(_ start: Int, into ways: inout Ways) {
        var pending = [start]
        while let index = pending.popLast() {
            guard ways.isNew(index) else { continue }
            switch self.steps[index] {
            case .scalar, .accept: ways.steps.append(index)
            case .jump(let target): pending.append(target)
            case .split(let first, let second): pending += [second, first]
            }
        }
    }

    package static func == (left: Pattern, right: Pattern) -> Bool {
        left.text.isExactly(right.text)
    }
}

/// The places in a pattern that a text has reached.
private struct Ways {
    var steps: [Int] = []
    private var seen: [Bool]

    init(count: Int) {
        self.seen = [Bool](repeating: false, count: count)
    }

    var isEmpty: Bool { self.steps.isEmpty }

    mutating func isNew(_ index: Int) -> Bool {
        guard !self.seen[index] else { return false }
        self.seen[index] = true
        return true
    }

    mutating func clear() {
        self.steps.removeAll(keepingCapacity: true)
        for index in self.seen.indices { self.seen[index] = false }
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
