/// The answer to a condition. What cannot be told is not the same as "no": its opposite is not "yes", so that a missing
/// or malformed claim satisfies nothing, `not` included (security rule 26).
package enum Truth: Sendable, Equatable {
    case yes
    case no
    case unknown

    package init(_ value: Bool) {
        self = value ? .yes : .no
    }

    /// "Unknown" stays unknown.
    package var negated: Truth {
        switch self {
        case .yes: .no
        case .no: .yes
        case .unknown: .unknown
        }
    }

    /// Yes if one is; no if all are.
    static func any<Items: Sequence>(_ items: Items, _ truth: (Items.Element) -> Truth) -> Truth {
        var result = Truth.no
        for item in items {
            switch truth(item) {
            case .yes: return .yes
            case .unknown: result = .unknown
            case .no: break
            }
        }
        return result
    }

    /// Yes if all are; no if one is.
    static func all<Items: Sequence>(_ items: Items, _ truth: (Items.Element) -> Truth) -> Truth {
        Self.any(items) { truth($0).negated }.negated
    }
}
