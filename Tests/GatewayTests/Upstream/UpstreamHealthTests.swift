import Gateway
import NIOCore
import Testing

struct UpstreamHealthTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func oneFailureMayBeChance() {
        var health = UpstreamHealth()
        for _ in 0..<2 { health.failed(self.start, isCertain: false) }
        #expect(health.isUsable(self.start))
        health.failed(self.start, isCertain: false)
        #expect(!health.isUsable(self.start))
    }

    @Test func whoAcceptsNobodyRestsAtOnce() {
        var health = UpstreamHealth()
        health.failed(self.start, isCertain: true)
        #expect(!health.isUsable(self.start))
        #expect(health.isUsable(self.start + .seconds(1)))
    }

    @Test func theRestDoublesUpToHalfAMinute() {
        var health = UpstreamHealth()
        var rests: [TimeAmount] = []
        for _ in 0..<8 {
            health.failed(self.start, isCertain: true)
            rests.append(health.rest - self.start)
        }
        #expect(rests == [1, 2, 4, 8, 16, 32, 32, 32].map { .seconds($0) })
    }

    @Test func anAnswerForgivesEverything() {
        var health = UpstreamHealth()
        for _ in 0..<5 { health.failed(self.start, isCertain: true) }
        health.succeeded()
        #expect(health.isUsable(self.start))
        #expect(health.failures == 0)
    }

    @Test func whoFailsACheckIsNotUsedUntilItPasses() {
        var health = UpstreamHealth()
        health.checked("/up", passed: false)
        #expect(!health.isUsable(self.start + .hours(1)))
        health.checked("/up", passed: true)
        #expect(health.isUsable(self.start))
    }

    @Test func aCheckCountsForThoseWhoAskAtItsPath() {
        var health = UpstreamHealth()
        health.checked("/up", passed: false)
        health.checked("/other", passed: true)
        #expect(!health.isUsable(self.start, checkedAt: "/up"))
        #expect(health.isUsable(self.start, checkedAt: "/other"))
        #expect(health.isUsable(self.start, checkedAt: nil))
    }

    @Test func whatNobodyAsksForAnyMoreIsForgotten() {
        var health = UpstreamHealth()
        health.checked("/up", passed: false)
        health.checked("/other", passed: false)
        health.forgetChecks(besides: ["/other"])
        #expect(health.isUsable(self.start, checkedAt: "/up"))
        #expect(!health.isUsable(self.start, checkedAt: "/other"))
    }
}
