package import JSON

/// One line of the way from a condition to its answer.
package struct Explanation: Sendable, CustomStringConvertible {
    package let truth: Truth
    /// The condition, as the configuration has it.
    package let text: String
    /// How far inside it is.
    package let depth: Int

    package var description: String {
        let mark =
            switch self.truth {
            case .yes: "yes    "
            case .no: "no     "
            case .unknown: "unknown"
            }
        return mark + " " + String(repeating: "  ", count: self.depth) + self.text
    }
}

extension Requirement {
    /// Every part of the condition with its answer.
    package func explained(
        for claims: JSON,
        scope: String?,
        permissions: [UpstreamToken: String] = [:],
        from address: String
    ) -> [Explanation] {
        let networks = self.answers(from: address)
        var lines: [Explanation] = []
        let caller = CallerClaims(claims, scope: scope, permissions: permissions)
        self.condition.explain(caller, networks, depth: 0, into: &lines)
        return lines
    }

    /// What keeps a caller out, in one line: the parts that are not met. `nil` when none is.
    package func failing(for grants: Grants?, from address: String) -> String? {
        let claims = grants?.session.parsedClaims ?? .object([])
        let lines = self.explained(
            for: claims,
            scope: grants?.session.scope,
            permissions: grants?.permissions ?? [:],
            from: address
        )
        guard let first = lines.first, first.truth != .yes else { return nil }
        let leaves = lines.enumerated().filter { index, line in
            let isLeaf = index + 1 == lines.count || lines[index + 1].depth <= line.depth
            return isLeaf && line.truth != .yes
        }
        return (leaves.isEmpty ? [first] : leaves.map(\.element)).map(\.text).joined(separator: "; ")
    }

    private func answers(from address: String) -> [(ranges: [AddressRange], truth: Truth)] {
        let address = IPAddress(address)
        return self.networks.map { ranges in
            (ranges, address.map { address in Truth(ranges.contains { $0.contains(address) }) } ?? .unknown)
        }
    }
}

extension Condition {
    fileprivate func explain(
        _ caller: CallerClaims,
        _ networks: [(ranges: [AddressRange], truth: Truth)],
        depth: Int,
        into lines: inout [Explanation]
    ) {
        let truth = self.truth(for: caller, networks: networks)
        lines.append(Explanation(truth: truth, text: self.headline, depth: depth))
        for part in self.parts { part.explain(caller, networks, depth: depth + 1, into: &lines) }
    }

    private var parts: [Condition] {
        switch self {
        case .all(let conditions), .any(let conditions): conditions
        case .not(let condition): [condition]
        case .lists, .permissions, .claim, .email, .emailDomain, .network: []
        }
    }

    private var headline: String {
        switch self {
        case .all(let conditions): conditions.isEmpty ? "signed in" : "all of"
        case .any: "any of"
        case .not: "not"
        case .lists(let list, let texts): "\(list.rawValue) has one of \(Self.shown(texts.map { "\"\($0)\"" }))"
        case .permissions(let api, let texts): "\(api) permits one of \(Self.shown(texts.map { "\"\($0)\"" }))"
        case .claim(let path, let test): "claim \(path) \(test)"
        case .email(let addresses): "verified email is one of \(Self.shown(addresses))"
        case .emailDomain(let domains): "verified email is in one of \(Self.shown(domains))"
        case .network(let ranges): "address is in one of \(Self.shown(ranges))"
        }
    }

    private static func shown(_ items: [some CustomStringConvertible]) -> String {
        items.map(\.description).joined(separator: ", ")
    }
}

extension ClaimTest: CustomStringConvertible {
    package var description: String {
        switch self {
        case .isOneOf(let values) where values.count == 1: "is \(values[0])"
        case .isOneOf(let values): "is one of " + values.map(\.description).joined(separator: ", ")
        case .matches(let pattern): "matches \"\(pattern.text)\""
        case .exists(let wanted): wanted ? "exists" : "does not exist"
        }
    }
}

extension AddressRange: CustomStringConvertible {
    /// As an operator writes it, IPv6 without abbreviation.
    package var description: String {
        let text =
            self.bytes.count == 4
            ? self.bytes.map { String($0) }.joined(separator: ".")
            : stride(from: 0, to: 16, by: 2).map { index in
                String(UInt16(self.bytes[index]) << 8 | UInt16(self.bytes[index + 1]), radix: 16)
            }.joined(separator: ":")
        return "\(text)/\(self.prefixLength)"
    }
}
