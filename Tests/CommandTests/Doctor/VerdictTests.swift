import Command
import Testing

struct VerdictTests {
    private func verdict(_ status: Int, _ location: String? = nil, isOurs: Bool = false) -> Verdict {
        var answer = WireAnswer(status: status)
        if let location { answer.fields.append(("location", location)) }
        if isOurs {
            answer.fields.append(("content-type", "application/problem+json"))
            answer.body = Array(#"{"request_id":"a"}"#.utf8)
        }
        return Verdict(.answer(answer), signIn: ["https://auth.example.com", "/_gatehouse/sign-in"])
    }

    @Test func aChallengeStops() {
        #expect(self.verdict(401) == .stopped)
        #expect(self.verdict(403) == .stopped)
        #expect(self.verdict(302, "https://auth.example.com/oidc/auth?x") == .stopped)
        #expect(self.verdict(303, "/_gatehouse/sign-in?rd=%2F") == .stopped)
    }

    @Test func anotherRedirectIsNoChallenge() {
        #expect(self.verdict(302, "/welcome") == .redirected("/welcome"))
        #expect(self.verdict(301) == .redirected(""))
        #expect(self.verdict(304) == .passed(304))
    }

    @Test func whatTheApplicationSaysHasPassed() {
        for status in [200, 201, 204, 206, 101, 409, 418] { #expect(self.verdict(status) == .passed(status)) }
    }

    @Test func anUpstreamOfOursThatIsDownWasAskedAllTheSame() {
        #expect(self.verdict(502, isOurs: true) == .passed(502))
        #expect(self.verdict(504, isOurs: true) == .passed(504))
        #expect(self.verdict(503, isOurs: true) == .unclear("503"))
    }

    @Test func aRefusalIsOneOnlyWhereItIsClearWhose() {
        #expect(self.verdict(400) == .refused)
        #expect(self.verdict(404, isOurs: true) == .refused)
        #expect(self.verdict(404) == .unclear("404"))
        #expect(self.verdict(405) == .unclear("405"))
        #expect(self.verdict(405, isOurs: true) == .refused)
        #expect(self.verdict(500) == .unclear("500"))
    }

    @Test func noAnswerIsNeverGood() {
        #expect(Verdict(.closed, signIn: []) == .refused)
        #expect(Verdict(.timeout, signIn: []) == .unclear("no answer in time"))
        #expect(Verdict(.unreachable("x"), signIn: []) == .unclear("x"))
    }
}
