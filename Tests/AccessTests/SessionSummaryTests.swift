import Access
import TestSupport
import Testing

struct SessionSummaryTests {
    @Test func itSaysWhoseAndSinceWhenAndHoldsNoToken() {
        let summary = SessionSummary(.make())
        #expect(summary.subject == "706lje0vqvfe")
        #expect(summary.email == "alice@example.com")
        #expect(summary.providerSessionID == "sid")
        #expect(summary.isRefreshable)
        #expect(!SessionSummary(.make(refreshToken: nil)).isRefreshable)
        var text = ""
        dump(summary, to: &text)
        for token in ["header.payload.signature", "\"access\"", "\"refresh\""] { #expect(!text.contains(token)) }
    }

    @Test func whatIsVeryLongIsLeftOut() {
        let name = String(repeating: "a", count: 513)
        #expect(SessionSummary(.make(identity: .make(name: name))).name == nil)
    }
}
