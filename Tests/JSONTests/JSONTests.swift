import JSON
import Testing

struct JSONTests {
    @Test func aMemberIsFoundByTheBytesOfItsName() {
        let value: JSON = ["caf\u{E9}": 1, "cafe\u{301}": 2]
        #expect(value["cafe\u{301}"] == 2)
        #expect(value["caf\u{E9}"] == 1)
        #expect(value["cafe"] == nil)
        #expect(value["CAF\u{E9}"] == nil)
    }

    @Test func onlyAnObjectHasMembers() {
        #expect((["a"] as JSON)["a"] == nil)
        #expect(("a" as JSON)["a"] == nil)
        #expect((nil as JSON)["a"] == nil)
    }

    @Test func stringsAreEqualWhenTheirBytesAre() {
        #expect(JSON.string("caf\u{E9}") != JSON.string("cafe\u{301}"))
        #expect(JSON.string("\u{212A}") != JSON.string("K"))
        #expect(JSON.string("caf\u{E9}") == JSON.string("caf\u{E9}"))
        #expect(["caf\u{E9}"] as JSON != ["cafe\u{301}"])
        #expect(["caf\u{E9}": 1] as JSON != ["cafe\u{301}": 1])
    }

    @Test func valuesOfDifferentTypesAreNotEqual() {
        let values: [JSON] = [nil, false, 0, "", [], [:]]
        for (left, value) in values.enumerated() {
            for (right, other) in values.enumerated() { #expect((value == other) == (left == right)) }
        }
    }

    @Test func theOrderOfMembersCounts() {
        #expect(["a": 1, "b": 2] as JSON != ["b": 2, "a": 1])
        #expect(["a": 1, "b": 2] as JSON == ["a": 1, "b": 2])
    }

    @Test func aValueIsReadAsItsOwnTypeOnly() {
        let values: [JSON] = [nil, true, 1, "1", [1], ["a": 1]]
        #expect(values.map(\.boolValue) == [nil, true, nil, nil, nil, nil])
        #expect(values.map(\.integerValue) == [nil, nil, 1, nil, nil, nil])
        #expect(values.map(\.stringValue) == [nil, nil, nil, "1", nil, nil])
        #expect(values.map(\.arrayValue) == [nil, nil, nil, nil, [1], nil])
        #expect(values.map(\.objectValue) == [nil, nil, nil, nil, nil, [JSONMember(name: "a", value: 1)]])
    }
}
