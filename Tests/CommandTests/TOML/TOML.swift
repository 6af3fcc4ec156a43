import Command

/// What comes of a TOML text, in the short form in which the tests write it.
enum TOML {
    static func members(_ text: String) throws(TOMLError) -> [SettingMember] {
        try TOMLDocument(Array(text.utf8)).members
    }

    /// The values as text, without lines: `{a: 1, b: ["x"]}`.
    static func shape(_ text: String) throws(TOMLError) -> String {
        self.shape(.table(try self.members(text), line: 1))
    }

    /// The line and message of the mistake in a text.
    static func mistake(_ bytes: [UInt8]) -> TOMLError? {
        do {
            _ = try TOMLDocument(bytes)
            return nil
        } catch {
            return error
        }
    }

    static func mistake(_ text: String) -> TOMLError? { self.mistake(Array(text.utf8)) }

    /// The line of a key, by its path: numbers are places in lists.
    static func line(_ path: String, in text: String) throws(TOMLError) -> Int? {
        var value = SettingValue.table(try self.members(text), line: 1)
        var line: Int?
        for part in path.split(separator: ".") {
            if case .list(let items) = value, let index = Int(part), items.indices.contains(index) {
                value = items[index]
                if case .table(_, let start) = value { line = start }
            } else if case .table(let members, _) = value, let member = members.first(where: { $0.key == part }) {
                value = member.value
                line = member.line
            } else {
                return nil
            }
        }
        return line
    }

    private static func shape(_ value: SettingValue) -> String {
        switch value {
        case .string(let text): "\"\(text)\""
        case .integer(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .list(let items): "[\(items.map(self.shape).joined(separator: ", "))]"
        case .table(let members, _): "{\(members.map { "\($0.key): \(self.shape($0.value))" }.joined(separator: ", "))}"
        case .other(let kind): kind
        }
    }
}
