package import OpenIDConnect

/// The answer to an access request.
package enum Decision: Sendable {
    /// Go on, with proof.
    case permit(Permit)
    /// Sign in first.
    case challenge(Route)
    /// Signed in, but not as this route wants it: sign in again.
    case stepUp(Route, StepUp)
    /// Known or not: not this.
    case deny(Route, Denial)
}

/// Why somebody may not pass.
package enum Denial: String, Sendable, Equatable, CustomStringConvertible {
    /// Nothing has allowed it.
    case notAllowed = "not-allowed"
    /// The route that was asked does not cover the request.
    case wrongRoute = "wrong-route"
    /// The route's requirement is not met.
    case requirementNotMet = "requirement-not-met"
    /// The sign-in is too old or too weak. Only ever overlooked: who is turned away for it gets `Decision.stepUp`.
    case stepUpNeeded = "step-up-needed"

    /// The reason's code; safe to show and to log.
    package var description: String { self.rawValue }
}

/// Proof that a decision let a request pass. Only `Route.decide` makes one, so that a forgotten check does not compile.
package struct Permit: Sendable {
    package let route: Route
    /// What was judged, and so what is forwarded.
    package let target: RequestTarget
    /// Whose request it is; `nil` for a route that lets strangers pass.
    package let session: Session?
    /// Why it would not have passed, had the route's policy not been in shadow mode.
    package let overlooked: Denial?

    fileprivate init(route: Route, target: RequestTarget, session: Session?, overlooked: Denial? = nil) {
        self.route = route
        self.target = target
        self.session = session
        self.overlooked = overlooked
    }
}

extension Route {
    /// Judges a request for this route. A session counts only before it expires and on the host it was made for.
    package func decide(_ request: AccessRequest, _ grants: Grants?, now: Instant) -> Decision {
        var decision = Decision.deny(self, .notAllowed)
        guard request.authority == self.authority, self.covers(request.target), self.takes(request.method) else {
            return .deny(self, .wrongRoute)
        }
        let grants = grants.flatMap { $0.session.isValid(for: self.sessionAuthority, at: now) ? $0 : nil }
        switch self.policy.access(to: request.target) {
        // None of the pages that the policy is about.
        case .anyone where self.policy.access != .anyone:
            decision = .permit(Permit(route: self, target: request.target, session: nil))
        case .anyone: decision = self.judge(request, nil, now: now, session: nil)
        case .optional: decision = self.judge(request, nil, now: now, session: grants?.session)
        case .signedIn:
            decision = .challenge(self)
            if let grants { decision = self.judge(request, grants, now: now, session: grants.session) }
        }
        return decision
    }

    /// Whether the requirement is met, if there is one.
    private func judge(_ request: AccessRequest, _ grants: Grants?, now: Instant, session: Session?) -> Decision {
        guard let requirement = self.policy.requirement else {
            return .permit(Permit(route: self, target: request.target, session: session))
        }
        var denial: Denial?
        if !requirement.isMet(by: grants, from: request.clientAddress) {
            denial = .requirementNotMet
        } else if !(grants?.meets(requirement.stepUp, now: now) ?? requirement.stepUp.isNone) {
            denial = .stepUpNeeded
        }
        guard let denial, self.policy.mode == .enforce else {
            return .permit(Permit(route: self, target: request.target, session: session, overlooked: denial))
        }
        return denial == .stepUpNeeded ? .stepUp(self, requirement.stepUp) : .deny(self, denial)
    }
}

extension Session {
    fileprivate func isValid(for authority: Authority, at now: Instant) -> Bool {
        now < self.expiresAt && self.authority.isExactly(authority.text)
    }
}
