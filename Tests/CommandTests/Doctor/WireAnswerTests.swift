import Command
import Testing

struct WireAnswerTests {
    @Test func ourProblemsAreKnownByTheRequestTheyName() {
        let type = ("content-type", "application/problem+json")
        let ours = WireAnswer(status: 401, fields: [type], body: Array(#"{"title":"x","request_id":"a"}"#.utf8))
        #expect(ours.isGatehouses)
        #expect(!WireAnswer(status: 401, fields: [type], body: Array(#"{"title":"x"}"#.utf8)).isGatehouses)
        #expect(!WireAnswer(status: 401, fields: [type], body: Array("{".utf8)).isGatehouses)
        #expect(!WireAnswer(status: 404, fields: [("content-type", "text/html")]).isGatehouses)
    }

    @Test func aTextIsFoundInBodyAndFields() {
        let answer = WireAnswer(status: 200, fields: [("x", "one marker")], body: Array("and another".utf8))
        #expect(answer.shows("marker"))
        #expect(answer.shows("another"))
        #expect(!answer.shows("third"))
        #expect(!WireAnswer(status: 200, body: [1]).shows("longer"))
    }
}
