import Access
import OpenIDConnect
import TestSupport
import Testing

/// What a session needs at the provider, and when.
struct RenewalPlanTests {
    private let rules = RenewalPlan.Rules(refreshAhead: .seconds(300), revalidateAfter: .seconds(43_200))

    private func need(
        _ session: Session,
        after seconds: Int64,
        rules: RenewalPlan.Rules? = nil,
        jitter: Double = 1,
        isStale: Bool = false
    ) -> RenewalPlan.Need {
        RenewalPlan(for: session, rules: rules ?? self.rules, jitter: jitter)
            .need(now: .somewhen.advanced(by: .seconds(seconds)), isStale: isStale)
    }

    @Test func tokensAreRefreshedAheadOfTheirEnd() {
        #expect(self.need(.make(), after: 0) == .none)
        #expect(self.need(.make(), after: 3299) == .none)
        #expect(self.need(.make(), after: 3300) == .refresh(isOverdue: false))
        #expect(self.need(.make(), after: 3599) == .refresh(isOverdue: false))
        #expect(self.need(.make(), after: 3600) == .refresh(isOverdue: true))
        #expect(self.need(.make(), after: .max / 4) == .refresh(isOverdue: true))
    }

    @Test func sessionsThatBeganTogetherAreRefreshedApart() {
        #expect(self.need(.make(), after: 3300, jitter: 0) == .none)
        #expect(self.need(.make(), after: 3450, jitter: 0) == .refresh(isOverdue: false))
        #expect(self.need(.make(), after: 3375, jitter: 0.5) == .refresh(isOverdue: false))
        #expect(self.need(.make(), after: 3374, jitter: 0.5) == .none)
    }

    @Test func whicheverTokenEndsFirstCounts() {
        let soon = Instant.somewhen.advanced(by: .seconds(100))
        #expect(self.need(.make(accessTokenExpiresAt: soon), after: 100) == .refresh(isOverdue: true))
        #expect(self.need(.make(idTokenExpiresAt: soon), after: 100) == .refresh(isOverdue: true))
        #expect(self.need(.make(accessTokenExpiresAt: nil), after: 3600) == .refresh(isOverdue: true))
        let neither = Session.make(accessTokenExpiresAt: nil, idTokenExpiresAt: nil)
        #expect(self.need(neither, after: 1_000_000_000) == .none)
    }

    @Test func shortTokensAreNotRefreshedAllTheTime() {
        let session = Session.make(accessTokenExpiresAt: .somewhen.advanced(by: .seconds(60)))
        #expect(self.need(session, after: 44) == .none)
        #expect(self.need(session, after: 45) == .refresh(isOverdue: false))
        let dead = Session.make(accessTokenExpiresAt: .somewhen.advanced(by: .seconds(-5)))
        #expect(self.need(dead, after: 0) != .refresh(isOverdue: true))
        #expect(self.need(dead, after: 1) == .refresh(isOverdue: true))
    }

    @Test func withoutARefreshTokenTheBrowserMakesATrip() {
        let session = Session.make(refreshToken: nil)
        #expect(self.need(session, after: 43_199) == .none)
        #expect(self.need(session, after: 43_200) == .revalidate(isOverdue: false))
        #expect(self.need(session, after: 86_399) == .revalidate(isOverdue: false))
        #expect(self.need(session, after: 86_400) == .revalidate(isOverdue: true))
    }

    @Test func theTripCanBeTurnedOff() {
        let rules = RenewalPlan.Rules(refreshAhead: .seconds(300), revalidateAfter: nil)
        #expect(self.need(.make(refreshToken: nil), after: 1_000_000_000, rules: rules) == .none)
        let lost = Session.make().replacingRefreshToken(with: nil)
        #expect(self.need(lost, after: 1_000_000_000, rules: rules) == .revalidate(isOverdue: false))
    }

    @Test func aSessionWhoseTokenIsLostMakesTheTripSoonAndGoesOnMeanwhile() {
        let session = Session.make().replacingRefreshToken(with: nil)
        #expect(session.mustRevalidate && session.generation == 1 && session.refreshToken == nil)
        #expect(self.need(session, after: 4000) == .revalidate(isOverdue: false))
        #expect(self.need(session, after: 86_400) == .revalidate(isOverdue: true))
    }

    @Test func whatHasChangedAtTheProviderIsReadBeforeAnythingElse() {
        #expect(self.need(.make(), after: 1, isStale: true) == .refresh(isOverdue: true))
        #expect(self.need(.make(refreshToken: nil), after: 1, isStale: true) == .revalidate(isOverdue: false))
    }

    @Test func aFailedRefreshIsNoReasonToStopWhileTheTokensAreGood() {
        let plan = RenewalPlan(for: .make(), rules: self.rules, jitter: 0)
        #expect(plan.mayGoOn(now: .somewhen.advanced(by: .seconds(3599))))
        #expect(!plan.mayGoOn(now: .somewhen.advanced(by: .seconds(3600))))
    }
}
