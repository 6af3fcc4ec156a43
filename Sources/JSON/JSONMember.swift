/// One member of a JSON object: a name and its value.
package struct JSONMember: Sendable, Equatable {
    /// The name, unescaped.
    package let name: String
    /// The value.
    package let value: JSON

    /// A member from its parts.
    package init(name: String, value: JSON) {
        self.name = name
        self.value = value
    }

    /// Whether name and value have the same bytes.
    package static func == (left: JSONMember, right: JSONMember) -> Bool {
        left.name.utf8.elementsEqual(right.name.utf8) && left.value == right.value
    }
}
