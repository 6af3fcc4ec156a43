import JSON
package import OpenIDConnect

/// What it takes to pass a route beside a session. Made by `Requirements`, which gives it its place in `Grants`.
package final class Requirement: Sendable {
    package let condition: Condition
    /// What else the sign-in itself must have been.
    package let stepUp: StepUp
    /// The condition's networks. A request is in some of them, which makes a number: its bits say in which.
    let networks: [[AddressRange]]
    /// Whose permissions it takes: they have to be asked for before anybody can be judged.
    package let apis: [UpstreamToken]
    /// The bit for a request that is in no network; those for the others follow.
    let firstBit: Int

    /// More different lists of networks than this in one condition would take too many bits.
    package static let mostNetworks = 4

    fileprivate init(_ condition: Condition, _ stepUp: StepUp, firstBit: Int) {
        self.condition = condition
        self.stepUp = stepUp
        self.networks = condition.networks
        self.apis = condition.apis
        self.firstBit = firstBit
    }

    fileprivate var bitCount: Int { 1 << self.networks.count }

    /// Whether a caller with these grants passes from this address. One look at a bit, unless there are networks.
    func isMet(by grants: Grants?, from address: String) -> Bool {
        guard !self.networks.isEmpty else { return grants?.has(self.firstBit) ?? false }
        guard let address = IPAddress(address) else { return false }
        var place = 0
        for (index, ranges) in self.networks.enumerated() where ranges.contains(where: { $0.contains(address) }) {
            place |= 1 << index
        }
        guard let grants else {
            return self.condition.isAboutNetworksAlone && self.truth(for: .nobody, place: place) == .yes
        }
        return grants.has(self.firstBit + place)
    }

    fileprivate func truth(for caller: CallerClaims, place: Int) -> Truth {
        let networks = self.networks.enumerated().map { index, ranges in
            (ranges: ranges, truth: Truth(place >> index & 1 == 1))
        }
        return self.condition.truth(for: caller, networks: networks)
    }
}

extension Requirement: Equatable {
    package static func == (left: Requirement, right: Requirement) -> Bool {
        left === right || left.condition == right.condition && left.stepUp == right.stepUp
    }
}

/// How somebody must have signed in: recently enough, by strong enough means. Who has not is asked to do it again.
package struct StepUp: Sendable, Equatable {
    /// One of these `acr`; empty: any.
    package let classes: [String]
    /// The longest time since they last proved who they are.
    package let maximumAge: Duration?

    /// The provider's clock and ours differ. A sign-in just made must count, or it would be asked for in circles.
    package static let tolerance = Duration.seconds(60)

    package static let none = StepUp(classes: [], maximumAge: nil)

    package init(classes: [String], maximumAge: Duration?) {
        self.classes = classes
        self.maximumAge = maximumAge
    }

    package var isNone: Bool { self.classes.isEmpty && self.maximumAge == nil }

    /// Whether a sign-in was of one of the classes.
    package func accepts(acr: String?) -> Bool {
        self.classes.isEmpty || self.classes.contains { $0.isExactly(acr ?? "") }
    }

    package func accepts(authenticatedAt: Instant?, now: Instant) -> Bool {
        guard let maximumAge else { return true }
        guard let authenticatedAt else { return false }
        return now - authenticatedAt <= maximumAge + Self.tolerance
    }
}

/// All requirements of a configuration, each with its place among the bits of `Grants`.
package struct Requirements: Sendable {
    private(set) var all: [Requirement] = []
    private(set) var bitCount = 0
    /// Whose permissions they take, each once.
    package private(set) var apis: [UpstreamToken] = []

    package init() {}

    /// A requirement; the one that is there already when it is the same. `nil` for a condition with more different
    /// lists of networks than `Requirement.mostNetworks`.
    package mutating func add(_ condition: Condition, stepUp: StepUp = .none) -> Requirement? {
        let requirement = Requirement(condition, stepUp, firstBit: self.bitCount)
        guard requirement.networks.count <= Requirement.mostNetworks else { return nil }
        if let known = self.all.first(where: { $0 == requirement }) { return known }
        self.all.append(requirement)
        for api in requirement.apis where !self.apis.contains(api) { self.apis.append(api) }
        self.bitCount += requirement.bitCount
        return requirement
    }
}

/// A session, with the answer to every requirement as one bit: worked out once, looked up with each request.
package final class Grants: Sendable {
    package let session: Session
    /// What APIs and organizations permit, as far as they have been asked.
    package let permissions: [UpstreamToken: String]
    private let bits: [UInt64]
    /// `auth_time`: when somebody last proved who they are.
    private let authenticatedAt: Instant?
    private let acr: String?

    package init(
        _ session: Session,
        _ requirements: Requirements,
        permissions: [UpstreamToken: String] = [:]
    ) {
        self.session = session
        self.permissions = permissions
        guard requirements.bitCount > 0 else {
            self.bits = []
            self.authenticatedAt = nil
            self.acr = nil
            return
        }
        let claims = session.parsedClaims
        let caller = CallerClaims(claims, scope: session.scope, permissions: permissions)
        var bits = [UInt64](repeating: 0, count: requirements.bitCount / 64 + 1)
        for requirement in requirements.all {
            for place in 0..<requirement.bitCount where requirement.truth(for: caller, place: place) == .yes {
                let bit = requirement.firstBit + place
                bits[bit / 64] |= 1 << UInt64(bit % 64)
            }
        }
        self.bits = bits
        self.authenticatedAt = claims["auth_time"]?.integerValue.map { Instant(seconds: $0) }
        self.acr = claims["acr"]?.stringValue
    }

    /// Never for a bit that is not there.
    func has(_ bit: Int) -> Bool {
        bit / 64 < self.bits.count && self.bits[bit / 64] >> UInt64(bit % 64) & 1 == 1
    }

    func meets(_ stepUp: StepUp, now: Instant) -> Bool {
        stepUp.isNone
            || stepUp.accepts(acr: self.acr)
                && stepUp.accepts(authenticatedAt: self.authenticatedAt, now: now)
    }
}
