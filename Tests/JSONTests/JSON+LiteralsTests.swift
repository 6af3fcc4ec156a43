import JSON
import Testing

struct JSONLiteralsTests {
    @Test func aLiteralIsTheValueItLooksLike() throws {
        let name = "issuer"
        let value: JSON = ["name": "the \(name)", "list": [1, true, nil], "none": [:]]
        let expected = #"{"name":"the issuer","list":[1,true,null],"none":{}}"#
        #expect(value == (try JSON.parse(Array(expected.utf8))))
    }

    @Test func membersKeepTheOrderTheyAreWrittenIn() {
        let value: JSON = ["b": 1, "a": 2]
        #expect(value.objectValue?.map(\.name) == ["b", "a"])
    }
}
