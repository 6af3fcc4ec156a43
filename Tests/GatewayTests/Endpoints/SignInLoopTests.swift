import Access
import Gateway
import OpenIDConnect
import TestSupport
import Testing

/// The loop breaker reads a cookie that anybody can write.
struct SignInLoopTests {
    private let names = CookieNames(name: "gatehouse", secure: true, domain: nil)

    private func isGoingInCircles(_ cookies: [String], after seconds: Int64 = 0) -> Bool {
        let now = Instant.somewhen.advanced(by: .seconds(seconds))
        return SignInLoop(cookies, names: self.names).isGoingInCircles(now: now)
    }

    private func cookie(_ count: String, _ since: String = String(Instant.somewhen.seconds)) -> String {
        "a=1; __Host-gatehouse_flow=\(count).\(since); b=2"
    }

    @Test func fiveSignInsWithinAMinuteAreACircle() {
        #expect(!self.isGoingInCircles([self.cookie("4")]))
        #expect(self.isGoingInCircles([self.cookie("5")]))
        #expect(self.isGoingInCircles([self.cookie("5")], after: 59))
    }

    @Test func afterAMinuteAllIsForgotten() {
        #expect(!self.isGoingInCircles([self.cookie("5")], after: 60))
        #expect(!self.isGoingInCircles([self.cookie("9223372036854775807")], after: 60))
    }

    @Test func aCountFromTheFutureCountsForNothing() {
        #expect(!self.isGoingInCircles([self.cookie("5")], after: -1))
        #expect(!self.isGoingInCircles([self.cookie("5", "9223372036854775807")]))
    }

    @Test(arguments: ["", ".", "5", "5.", ".5", "5.x", "x.5", "-5.1", "5.1.1", "99999999999999999999.1", "5,1"])
    func whatIsNoCountIsNone(_ value: String) {
        #expect(!self.isGoingInCircles(["__Host-gatehouse_flow=\(value)"]))
    }

    @Test func whoHasNoCookieIsInNoCircle() {
        #expect(!self.isGoingInCircles([]))
        #expect(!self.isGoingInCircles(["gatehouse_flow=5.\(Instant.somewhen.seconds)"]))
    }
}
