import JSON
import Testing

struct JSONMemberTests {
    @Test func membersAreEqualWhenTheBytesOfNameAndValueAre() {
        let member = JSONMember(name: "\u{E9}", value: "x")
        #expect(member == JSONMember(name: "\u{E9}", value: "x"))
        #expect(member != JSONMember(name: "e\u{301}", value: "x"))
        #expect(member != JSONMember(name: "\u{E9}", value: "y"))
    }
}
