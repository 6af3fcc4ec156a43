import JSON

/// What a claim must be.
package enum ClaimTest: Sendable, Equatable {
    /// A text, whole number or truth value, compared with its type.
    package enum Value: Sendable, Equatable {
        case text(String)
        case number(Int64)
        case truth(Bool)

        package static func == (left: Value, right: Value) -> Bool {
            switch (left, right) {
            case (.text(let left), .text(let right)): left.isExactly(right)
            case (.number(let left), .number(let right)): left == right
            case (.truth(let left), .truth(let right)): left == right
            default: false
            }
        }
    }

    /// One of these.
    case isOneOf([Value])
    /// A text that the pattern covers.
    case matches(Pattern)
    /// There and not null, or else missing or null.
    case exists(Bool)

    /// The answer for what is at a claim's path. In a list one member that fits is enough. What is missing, null or of
    /// a type that can never fit is no answer.
    func truth(of value: JSON?) -> Truth {
        if case .exists(let wanted) = self { return Truth((value != nil && value != .null) == wanted) }
        guard let value else { return .unknown }
        guard let list = value.arrayValue else { return self.truth(ofSingle: value) }
        return Truth.any(list) { self.truth(ofSingle: $0) }
    }

    private func truth(ofSingle value: JSON) -> Truth {
        switch self {
        case .exists: return .unknown
        case .matches(let pattern):
            guard let text = value.stringValue, text.unicodeScalars.count <= Pattern.longestText else {
                return .unknown
            }
            return Truth(pattern.matches(text))
        case .isOneOf(let values):
            guard let found = Value(value) else { return .unknown }
            if values.contains(found) { return .yes }
            return values.contains { $0.isOfOneType(with: found) } ? .no : .unknown
        }
    }
}

extension ClaimTest.Value {
    /// `nil` for what is neither.
    fileprivate init?(_ json: JSON) {
        if let text = json.stringValue {
            self = .text(text)
        } else if let number = json.integerValue {
            self = .number(number)
        } else if let truth = json.boolValue {
            self = .truth(truth)
        } else {
            return nil
        }
    }
}

extension ClaimTest.Value {
    fileprivate func isOfOneType(with other: Self) -> Bool {
        switch (self, other) {
        case (.text, .text), (.number, .number), (.truth, .truth): true
        default: false
        }
    }
}

extension ClaimTest.Value: CustomStringConvertible {
    package var description: String {
        switch self {
        case .text(let text): "\"\(text)\""
        case .number(let number): "\(number)"
        case .truth(let truth): "\(truth)"
        }
    }
}
