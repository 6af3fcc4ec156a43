/// What a setting can hold.
package indirect enum SettingValue: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case list([SettingValue])
    /// The line is that of the header or of the brace.
    case table([SettingMember], line: Int)
    /// What no setting of ours is; the text says what, with its article.
    case other(String)

    /// For the message about a wrong value.
    var shown: String {
        switch self {
        case .string(let text): ConfigurationProblem.quoted(text)
        case .integer(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .list(let items) where items.isEmpty: "an empty list"
        case .list, .table, .other: self.kind
        }
    }

    /// For the message about a secret of the wrong type.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "a number"
        case .boolean: "a boolean"
        case .list: "a list"
        case .table: "a table"
        case .other(let kind): kind
        }
    }
}

/// A key and its value.
package struct SettingMember: Sendable, Equatable {
    package let key: String
    package let value: SettingValue
    /// Where the key stands, counted from 1.
    package let line: Int

    package init(key: String, value: SettingValue, line: Int) {
        self.key = key
        self.value = value
        self.line = line
    }
}

extension [SettingMember] {
    /// The key of exactly this name.
    func member(_ name: String) -> SettingMember? {
        self.first { $0.key.isExactly(name) }
    }
}
