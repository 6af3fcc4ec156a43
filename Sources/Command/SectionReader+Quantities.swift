import NIOCore

extension SectionReader {
    /// `true` or `false`.
    func flag(_ key: String) -> Bool? {
        switch self.setting(key) {
        case nil: return nil
        case .file(.boolean(let flag)): return flag
        case .variable("true"): return true
        case .variable("false"): return false
        case let found?:
            self.refuse(key, found: found.shown, allowed: "true or false")
            return nil
        }
    }

    /// A whole number within limits.
    func number(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let number: Int?
        switch self.setting(key) {
        case nil: return nil
        case .file(.integer(let found)): number = found
        case .variable(let text): number = Int(text)
        case .file: number = nil
        }
        if let number, range.contains(number) { return number }
        self.refuse(
            key,
            found: self.setting(key)?.shown ?? "nothing",
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)"
        )
        return nil
    }

    /// A duration within limits.
    func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
        let (least, most) = (Quantity.text(range.lowerBound), Quantity.text(range.upperBound))
        return self.quantity(key, in: range, allowed: "a duration from \"\(least)\" to \"\(most)\"", Quantity.duration)
    }

    /// A duration for NIO's timers.
    func timeAmount(_ key: String, in range: ClosedRange<Duration>) -> TimeAmount? {
        self.duration(key, in: range).map { TimeAmount($0) }
    }

    /// A number of bytes within limits.
    func size(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let (least, most) = (Quantity.text(bytes: range.lowerBound), Quantity.text(bytes: range.upperBound))
        return self.quantity(key, in: range, allowed: "a size from \"\(least)\" to \"\(most)\"", Quantity.bytes)
    }

    private func quantity<Value>(
        _ key: String,
        in range: ClosedRange<Value>,
        allowed: String,
        _ parse: (String) -> Value?
    ) -> Value? {
        guard let text = self.string(key, allowed: allowed) else { return nil }
        if let value = parse(text), range.contains(value) { return value }
        self.refuse(key, found: ConfigurationProblem.quoted(text), allowed: allowed)
        return nil
    }
}
