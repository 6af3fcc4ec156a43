/// What must hold for somebody to pass: a tree of questions about their claims and their address.
package indirect enum Condition: Sendable, Equatable {
    case all([Condition])
    case any([Condition])
    case not(Condition)
    /// One of these is in the list. Compared byte by byte.
    case lists(CallerClaims.List, [String])
    /// An API or an organization permits one of these.
    case permissions(UpstreamToken, [String])
    case claim(ClaimPath, ClaimTest)
    /// The verified address is one of these: the domain in any case, what is before it byte by byte.
    case email([EmailAddress])
    /// The verified address is in one of these domains; `*.` in front covers those below.
    case emailDomain([EmailDomain])
    /// The request comes from one of these networks.
    case network([AddressRange])

    /// The answer for a caller.
    ///
    /// - Parameter networks: which of the condition's networks the request comes from, in the order of `networks`.
    func truth(for caller: CallerClaims, networks: [(ranges: [AddressRange], truth: Truth)]) -> Truth {
        switch self {
        case .all(let conditions): Truth.all(conditions) { $0.truth(for: caller, networks: networks) }
        case .any(let conditions): Truth.any(conditions) { $0.truth(for: caller, networks: networks) }
        case .not(let condition): condition.truth(for: caller, networks: networks).negated
        case .lists(let list, let texts): caller.truth(that: list, hasOneOf: texts)
        case .permissions(let api, let texts): caller.truth(that: api, permitsOneOf: texts)
        case .claim(let path, let test): test.truth(of: path.value(in: caller.json))
        case .email(let addresses): caller.truth(ofEmail: addresses.contains)
        case .emailDomain(let domains): caller.truth(ofEmail: { email in domains.contains { $0.covers(email) } })
        case .network(let ranges): networks.first { $0.ranges == ranges }?.truth ?? .unknown
        }
    }

    /// Every list of networks in it, each once, in order.
    var networks: [[AddressRange]] {
        var found: [[AddressRange]] = []
        self.collectNetworks(&found)
        return found
    }

    private func collectNetworks(_ found: inout [[AddressRange]]) {
        switch self {
        case .all(let conditions), .any(let conditions):
            for condition in conditions { condition.collectNetworks(&found) }
        case .not(let condition): condition.collectNetworks(&found)
        case .network(let ranges): if !found.contains(ranges) { found.append(ranges) }
        case .lists, .permissions, .claim, .email, .emailDomain: break
        }
    }

    /// Every API and organization whose permissions are asked for, each once.
    var apis: [UpstreamToken] {
        switch self {
        case .all(let conditions), .any(let conditions):
            conditions.flatMap(\.apis).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        case .not(let condition): condition.apis
        case .permissions(let api, _): [api]
        case .lists, .claim, .email, .emailDomain, .network: []
        }
    }

    /// Whether it asks for the address alone, so that a stranger can satisfy it.
    package var isAboutNetworksAlone: Bool {
        switch self {
        case .all(let conditions), .any(let conditions): conditions.allSatisfy(\.isAboutNetworksAlone)
        case .not(let condition): condition.isAboutNetworksAlone
        case .network: true
        case .lists, .permissions, .claim, .email, .emailDomain: false
        }
    }

    package static func == (left: Condition, right: Condition) -> Bool {
        switch (left, right) {
        case (.all(let left), .all(let right)), (.any(let left), .any(let right)): left == right
        case (.not(let left), .not(let right)): left == right
        case (.lists(let left, let leftTexts), .lists(let right, let rightTexts)):
            left == right && leftTexts.elementsEqual(rightTexts) { $0.isExactly($1) }
        case (.permissions(let left, let leftTexts), .permissions(let right, let rightTexts)):
            left == right && leftTexts.elementsEqual(rightTexts) { $0.isExactly($1) }
        case (.claim(let left, let leftTest), .claim(let right, let rightTest)):
            left == right && leftTest == rightTest
        case (.email(let left), .email(let right)): left == right
        case (.emailDomain(let left), .emailDomain(let right)): left == right
        case (.network(let left), .network(let right)): left == right
        default: false
        }
    }
}
