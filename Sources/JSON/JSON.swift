/// A JSON value (RFC 8259) that keeps what a security decision needs: the order of members, the literal of a number
/// and the exact bytes of a string. Two values are equal when their bytes would be: Unicode's canonical equivalence,
/// which `==` on `String` applies, is not.
package enum JSON: Sendable, Equatable {
    /// The literal `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number as it was written.
    case number(JSONNumber)
    /// A string, unescaped.
    case string(String)
    /// Values in order.
    case array([JSON])
    /// Members in order; `parse` never yields two of one name.
    case object([JSONMember])

    /// Whether both values have the same bytes, numbers compared as they were written.
    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }

    /// The member of an object with exactly this name, compared byte by byte; nil for anything but an object.
    package subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The string, when this is one.
    package var stringValue: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The truth value, when this is one: `"true"` and `1` are not.
    package var boolValue: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The number, when this is one with an integral value that fits 64 bits.
    package var integerValue: Int64? {
        guard case .number(let value) = self else { return nil }
        return value.integer
    }

    /// The values, when this is an array.
    package var arrayValue: [JSON]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    /// The members, when this is an object.
    package var objectValue: [JSONMember]? {
        guard case .object(let members) = self else { return nil }
        return members
    }
}
