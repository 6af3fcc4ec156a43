/// A pattern as steps. A text is gone through once, from its end to its beginning: for each place, from which steps could
/// the rest be matched? So no way is ever tried twice, with look-ahead as without, and no text makes it slow.
struct PatternProgram: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        /// One character of these.
        case scalar(ScalarSet)
        /// Either way.
        case split(Int, Int)
        case jump(Int)
        /// At the beginning of the text.
        case start
        /// At the end of the text.
        case end
        /// What follows is matched by one of `bodies`, or is not.
        case ahead(body: Int, isNegated: Bool)
        case accept
    }

    private var steps: [Step] = []
    private var bodies: [PatternProgram] = []

    init(_ node: PatternParser.Node) {
        self.append(node)
        self.steps.append(.accept)
    }

    /// Whether it matches the text from its beginning to its end.
    func covers(_ text: [Unicode.Scalar]) -> Bool {
        var row = Row(self)
        var following = row
        for place in (0...text.count).reversed() {
            let scalar = place < text.count ? text[place].value : nil
            row.fill(self, following, scalar, isFirst: place == 0, accepts: scalar == nil)
            swap(&row, &following)
        }
        return following.holds[0]
    }

    /// Whether it matches any part of the text.
    func isFound(in text: [Unicode.Scalar]) -> Bool {
        var row = Row(self)
        var following = row
        for place in (0...text.count).reversed() {
            let scalar = place < text.count ? text[place].value : nil
            row.fill(self, following, scalar, isFirst: place == 0, accepts: true)
            if row.holds[0] { return true }
            swap(&row, &following)
        }
        return false
    }

    /// From which steps the rest of a text can be matched, at one place in it.
    private struct Row {
        var holds: [Bool]
        private var bodies: [Row]

        init(_ program: PatternProgram) {
            self.holds = [Bool](repeating: false, count: program.steps.count)
            self.bodies = program.bodies.map { Row($0) }
        }

        /// - Parameters:
        ///   - following: the row of the place behind this one.
        ///   - scalar: the character here; `nil` at the end.
        ///   - accepts: whether the match may end here.
        mutating func fill(
            _ program: PatternProgram,
            _ following: Row,
            _ scalar: UInt32?,
            isFirst: Bool,
            accepts: Bool
        ) {
            // Before the steps that ask for them: "not ahead" must not be answered too early.
            for index in self.bodies.indices {
                self.bodies[index].fill(
                    program.bodies[index],
                    following.bodies[index],
                    scalar,
                    isFirst: isFirst,
                    accepts: true
                )
            }
            for index in self.holds.indices { self.holds[index] = false }
            // Steps lead forward, so one pass from the last to the first is enough, but for a loop's way back.
            var isComplete = false
            while !isComplete {
                isComplete = true
                for index in program.steps.indices.reversed() where !self.holds[index] {
                    let holds =
                        switch program.steps[index] {
                        case .scalar(let set): scalar.map(set.contains) ?? false && following.holds[index + 1]
                        case .split(let first, let second): self.holds[first] || self.holds[second]
                        case .jump(let target): self.holds[target]
                        case .start: isFirst && self.holds[index + 1]
                        case .end: scalar == nil && self.holds[index + 1]
                        case .ahead(let body, let isNegated):
                            self.bodies[body].holds[0] != isNegated && self.holds[index + 1]
                        case .accept: accepts
                        }
                    guard holds else { continue }
                    self.holds[index] = true
                    isComplete = false
                }
            }
        }
    }
}

extension PatternProgram {
    private mutating func append(_ node: PatternParser.Node) {
        switch node {
        case .set(let set): self.steps.append(.scalar(set))
        case .start: self.steps.append(.start)
        case .end: self.steps.append(.end)
        case .ahead(let node, let isNegated):
            self.steps.append(.ahead(body: self.bodies.count, isNegated: isNegated))
            self.bodies.append(PatternProgram(node))
        case .sequence(let nodes): for node in nodes { self.append(node) }
        case .choice(let nodes): self.append(nodes[...])
        case .repeated(let node, let minimum, let maximum):
            for _ in 0..<minimum { self.append(node) }
            guard let maximum else { return self.appendLoop(of: node) }
            var splits: [Int] = []
            for _ in minimum..<maximum {
                splits.append(self.steps.count)
                self.steps.append(.accept)
                self.append(node)
            }
            for split in splits { self.steps[split] = .split(split + 1, self.steps.count) }
        }
    }

    private mutating func appendLoop(of node: PatternParser.Node) {
        let split = self.steps.count
        self.steps.append(.accept)
        self.append(node)
        self.steps.append(.jump(split))
        self.steps[split] = .split(split + 1, self.steps.count)
    }

    private mutating func append(_ choices: ArraySlice<PatternParser.Node>) {
        guard let first = choices.first else { return }
        guard choices.count > 1 else { return self.append(first) }
        let split = self.steps.count
        self.steps.append(.accept)
        self.append(first)
        let jump = self.steps.count
        self.steps.append(.accept)
        self.steps[split] = .split(split + 1, self.steps.count)
        self.append(choices.dropFirst())
        self.steps[jump] = .jump(self.steps.count)
    }
}

extension PatternParser.Node {
    /// The number of steps it becomes, or some number beyond every limit: never an overflow.
    var size: Int {
        let limit = 1 << 20
        switch self {
        case .set, .start, .end: return 1
        case .ahead(let node, _): return min(limit, node.size + 2)
        case .sequence(let nodes): return nodes.reduce(0) { min(limit, $0 + $1.size) }
        case .choice(let nodes): return nodes.reduce(0) { min(limit, $0 + $1.size + 2) }
        case .repeated(let node, let minimum, let maximum):
            return min(limit, (node.size + 1) * (max(minimum, maximum ?? minimum) + 1) + 1)
        }
    }
}
