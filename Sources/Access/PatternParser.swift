/// Why a text is no pattern.
package struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, for the operator.
    package let description: String
    /// Characters before the place, counted from 0.
    package let position: Int
}

/// Reads a `Pattern`, or a `PageRule`, which may have more.
struct PatternParser {
    /// What a pattern is made of.
    indirect enum Node {
        case set(ScalarSet)
        case start
        case end
        /// What follows has to be like this, or must not be.
        case ahead(Node, isNegated: Bool)
        case sequence([Node])
        case choice([Node])
        /// `maximum` is `nil` for no limit.
        case repeated(Node, minimum: Int, maximum: Int?)
    }

    private static let deepest = 32
    private static let longest = 1000
    private static let mostSteps = 2000
    private static let mostRepetitions = 1000

    private let scalars: [Unicode.Scalar]
    private let isPageRule: Bool
    private var position = 0

    init(_ text: String, isPageRule: Bool = false) {
        self.scalars = Array(text.unicodeScalars)
        self.isPageRule = isPageRule
    }

    mutating func parse() throws(PatternError) -> Node {
        guard !self.scalars.isEmpty else { throw self.error("a pattern is not empty") }
        guard self.scalars.count <= Self.longest else { throw self.error("a pattern has at most 1000 characters") }
        let node = try self.parseChoice(depth: 0)
        guard self.current == nil else { throw self.error("there is no \"(\" for this \")\"") }
        guard node.size < Self.mostSteps else { throw self.error("the repetitions make the pattern too large") }
        return node
    }

    private mutating func parseChoice(depth: Int) throws(PatternError) -> Node {
        guard depth <= Self.deepest else { throw self.error("there are too many groups in groups") }
        var choices = [try self.parseSequence(depth: depth)]
        while self.take("|") { choices.append(try self.parseSequence(depth: depth)) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func parseSequence(depth: Int) throws(PatternError) -> Node {
        var nodes: [Node] = []
        while let scalar = self.current, scalar != "|", scalar != ")" {
            nodes.append(try self.parseRepetition(of: try self.parseAtom(depth: depth)))
        }
        return .sequence(nodes)
    }

    private mutating func parseAtom(depth: Int) throws(PatternError) -> Node {
        guard let scalar = self.current else { throw self.error("something is missing here") }
        switch scalar {
        case "^" where self.isPageRule:
            self.position += 1
            return .start
        case "$" where self.isPageRule:
            self.position += 1
            return .end
        case "^", "$": throw self.error("no \"\(scalar)\" is needed: a pattern covers the whole text")
        case "*", "+", "?", "{": throw self.error("there is nothing before \"\(scalar)\" to repeat")
        case "]", "}": throw self.error("write \"\\\(scalar)\" for the character itself")
        case ".":
            self.position += 1
            return .set(.everything)
        case "[":
            self.position += 1
            return .set(try self.parseClass())
        case "\\": return .set(try self.parseEscape())
        case "(":
            self.position += 1
            let kind = try self.parseGroupKind()
            let node = try self.parseChoice(depth: depth + 1)
            guard self.take(")") else { throw self.error("\")\" is missing") }
            switch kind {
            case .plain: return node
            case .ahead: return .ahead(node, isNegated: false)
            case .notAhead: return .ahead(node, isNegated: true)
            }
        default:
            self.position += 1
            return .set(.one(scalar))
        }
    }

    private enum GroupKind {
        case plain
        case ahead
        case notAhead
    }

    /// What follows `(`.
    private mutating func parseGroupKind() throws(PatternError) -> GroupKind {
        guard self.take("?") else { return .plain }
        guard self.isPageRule else {
            self.position -= 1
            throw self.error("\"(?\" is not allowed: no look-ahead, no look-behind, no options")
        }
        if self.take(":") { return .plain }
        if self.take("=") { return .ahead }
        if self.take("!") { return .notAhead }
        self.position -= 1
        throw self.error(
            "of the groups that begin with \"(?\" there are \"(?:\", \"(?=\" and \"(?!\": look-behind and names would need "
                + "a matcher that some paths make slow"
        )
    }

    private mutating func parseRepetition(of node: Node) throws(PatternError) -> Node {
        let result: Node
        if self.take("*") {
            result = .repeated(node, minimum: 0, maximum: nil)
        } else if self.take("+") {
            result = .repeated(node, minimum: 1, maximum: nil)
        } else if self.take("?") {
            result = .repeated(node, minimum: 0, maximum: 1)
        } else if self.take("{") {
            let minimum = try self.parseNumber()
            var maximum: Int? = minimum
            if self.take(",") { maximum = self.current == "}" ? nil : try self.parseNumber() }
            guard self.take("}") else { throw self.error("\"}\" is missing") }
            if let maximum, maximum < minimum { throw self.error("the first number is the smaller one") }
            result = .repeated(node, minimum: minimum, maximum: maximum)
        } else {
            return node
        }
        switch node {
        case .start, .end, .ahead: throw self.error("only characters and plain groups can be repeated")
        case .set, .sequence, .choice, .repeated: break
        }
        // As few as possible or as many: whether there is a match is the same.
        if self.isPageRule, self.take("?") { return result }
        if let next = self.current, next == "*" || next == "+" || next == "?" || next == "{" {
            throw self.error("one repetition at a time; use a group for more")
        }
        return result
    }

    private mutating func parseNumber() throws(PatternError) -> Int {
        var number = 0
        let start = self.position
        while let scalar = self.current, ("0"..."9").contains(scalar) {
            number = number * 10 + Int(scalar.value - 0x30)
            guard number <= Self.mostRepetitions else { throw self.error("at most 1000 repetitions") }
            self.position += 1
        }
        guard self.position > start else { throw self.error("a number is missing") }
        return number
    }

    /// What follows `[`.
    private mutating func parseClass() throws(PatternError) -> ScalarSet {
        var set = ScalarSet()
        set.isNegated = self.take("^")
        while !self.take("]") {
            guard let scalar = self.current else { throw self.error("\"]\" is missing") }
            guard scalar != "[" else { throw self.error("write \"\\[\" for the character itself") }
            if scalar == "\\" {
                set.ranges += try self.parseEscape(isInClass: true).ranges
                continue
            }
            self.position += 1
            guard self.current == "-", let end = self.following, end != "]" else {
                set.ranges.append(scalar.value...scalar.value)
                continue
            }
            guard end != "\\", end != "[", scalar <= end else { throw self.error("a range goes from less to more") }
            set.ranges.append(scalar.value...end.value)
            self.position += 2
        }
        guard !set.ranges.isEmpty else { throw self.error("a class is not empty") }
        return set
    }

    private mutating func parseEscape(isInClass: Bool = false) throws(PatternError) -> ScalarSet {
        self.position += 1
        guard let scalar = self.current else { throw self.error("\"\\\" stands before a character") }
        self.position += 1
        switch scalar {
        case "d": return .digits
        case "w": return .word
        case "s": return .space
        case "D" where self.isPageRule && !isInClass: return ScalarSet(ranges: ScalarSet.digits.ranges, isNegated: true)
        case "W" where self.isPageRule && !isInClass: return ScalarSet(ranges: ScalarSet.word.ranges, isNegated: true)
        case "S" where self.isPageRule && !isInClass: return ScalarSet(ranges: ScalarSet.space.ranges, isNegated: true)
        case let other where other.isASCII && other.value > 0x20 && !UInt8(ascii: other).isAlphanumeric:
            return .one(other)
        default:
            self.position -= 1
            throw self.error("\"\\\" stands before d, w, s or punctuation; references to groups are not allowed")
        }
    }

    private var current: Unicode.Scalar? {
        self.position < self.scalars.count ? self.scalars[self.position] : nil
    }

    private var following: Unicode.Scalar? {
        self.position + 1 < self.scalars.count ? self.scalars[self.position + 1] : nil
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard self.current == scalar else { return false }
        self.position += 1
        return true
    }

    private func error(_ message: String) -> PatternError {
        PatternError(description: message, position: self.position)
    }
}
