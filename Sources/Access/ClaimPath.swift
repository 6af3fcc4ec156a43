package import JSON

/// Where a claim is: a name, or names of members within members. A number counts the members of a list.
package struct ClaimPath: Sendable, Equatable {
    /// From the outside in.
    package let names: [String]

    /// Throws nothing and allows nothing odd: `nil` for no names, or an empty one.
    package init?(_ names: [String]) {
        guard (1...16).contains(names.count), names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 256 }) else {
            return nil
        }
        self.names = names
    }

    /// `a.b.0`. For a name with a dot in it there is the list.
    package init?(_ text: String) {
        self.init(text.split(separator: ".", omittingEmptySubsequences: false).map(String.init))
    }

    private init(name: String) {
        self.names = [name]
    }

    /// A claim of this name, not inside any other.
    package static func plain(_ name: String) -> ClaimPath { ClaimPath(name: name) }

    /// What is there; `nil` when nothing is. A null is something.
    package func value(in claims: JSON) -> JSON? {
        var value = claims
        for name in self.names {
            if let list = value.arrayValue {
                guard let index = Self.index(name), index < list.count else { return nil }
                value = list[index]
            } else {
                guard let member = value[name] else { return nil }
                value = member
            }
        }
        return value
    }

    private static func index(_ text: String) -> Int? {
        let bytes = text.utf8
        guard (1...6).contains(bytes.count), bytes.allSatisfy(\.isDigit) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    package static func == (left: ClaimPath, right: ClaimPath) -> Bool {
        left.names.elementsEqual(right.names) { $0.isExactly($1) }
    }
}

extension ClaimPath: CustomStringConvertible {
    package var description: String { self.names.joined(separator: ".") }
}
