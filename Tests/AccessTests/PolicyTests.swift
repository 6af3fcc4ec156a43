import Access
import Testing

struct PolicyTests {
    @Test func `the words of the configuration are these three`() {
        #expect(Access.allCases.map(\.rawValue) == ["signed-in", "optional", "anyone"])
        #expect(Access(rawValue: "Signed-in") == nil)
        #expect(Access(rawValue: "") == nil)
        #expect(Access(rawValue: "anyone\u{301}") == nil)
    }
}
