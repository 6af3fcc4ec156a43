import Access
import JSON
import TestSupport
import Testing

struct ClaimTestTests {
    private static func answer(_ path: String, _ test: ClaimTest, _ claims: String) throws -> Truth {
        var requirements = Requirements()
        let claimPath = try #require(ClaimPath(path))
        let requirement = requirements.adding(.claim(claimPath, test))
        let json = try JSON.parse(Array(claims.utf8))
        return try #require(requirement.explained(for: json, scope: nil, from: "192.0.2.1").first).truth
    }

    @Test(arguments: [
        (#"{"a":{"b":["x","y"]}}"#, "a.b", Truth.yes), (#"{"a":{"b":["x","y"]}}"#, "a.b.1", .yes),
        (#"{"a":{"b":["x","y"]}}"#, "a.b.0", .no), (#"{"a":{"b":["x","y"]}}"#, "a.b.2", .unknown),
        (#"{"a":{"b":["x","y"]}}"#, "a.b.-1", .unknown), (#"{"a":{"b":"y"}}"#, "a.b", .yes),
        (#"{"a":{"b":"y"}}"#, "a", .unknown), (#"{"a":{"1":"y"}}"#, "a.1", .yes), (#"{"a":null}"#, "a", .unknown),
        (#"{"a":7}"#, "a", .unknown), (#"{"a":true}"#, "a", .unknown), (#"{"a":[]}"#, "a", .no),
        (#"{"a":[7,"y"]}"#, "a", .yes), (#"{"a":[7,"x"]}"#, "a", .unknown), (#"{"a":[["y"]]}"#, "a", .unknown),
        (#"{"a":"Y"}"#, "a", .no), (#"{"b":"y"}"#, "a", .unknown),
        (#"{"a":[1]}"#, "a.99999999999999999999", .unknown),
    ])
    func `a claim is found by its path and compared with its type`(_ claims: String, _ path: String, _ truth: Truth)
        throws
    {
        #expect(try Self.answer(path, .isOneOf([.text("y")]), claims) == truth)
    }

    @Test func `numbers and truth values are no text`() throws {
        #expect(try Self.answer("a", .isOneOf([.number(1)]), #"{"a":1}"#) == .yes)
        #expect(try Self.answer("a", .isOneOf([.number(1)]), #"{"a":1.0}"#) == .yes)
        #expect(try Self.answer("a", .isOneOf([.number(1)]), #"{"a":"1"}"#) == .unknown)
        #expect(try Self.answer("a", .isOneOf([.number(1)]), #"{"a":true}"#) == .unknown)
        #expect(try Self.answer("a", .isOneOf([.number(1)]), #"{"a":1e300}"#) == .unknown)
        #expect(try Self.answer("a", .isOneOf([.truth(true)]), #"{"a":true}"#) == .yes)
        #expect(try Self.answer("a", .isOneOf([.truth(true)]), #"{"a":"true"}"#) == .unknown)
    }

    @Test func `to exist is to be there and not null`() throws {
        for (claims, exists) in [(#"{"a":0}"#, true), (#"{"a":""}"#, true), (#"{"a":null}"#, false), ("{}", false)] {
            #expect(try Self.answer("a", .exists(true), claims) == Truth(exists))
            #expect(try Self.answer("a", .exists(false), claims) == Truth(!exists))
        }
    }

    @Test func `a pattern is for text`() throws {
        let test = ClaimTest.matches(try Pattern("team-[a-z]+"))
        #expect(try Self.answer("a", test, #"{"a":"team-x"}"#) == .yes)
        #expect(try Self.answer("a", test, #"{"a":["x","team-x"]}"#) == .yes)
        #expect(try Self.answer("a", test, #"{"a":"xteam-x"}"#) == .no)
        #expect(try Self.answer("a", test, #"{"a":5}"#) == .unknown)
        #expect(try Self.answer("a", test, "{\"a\":\"\(String(repeating: "x", count: 5000))\"}") == .unknown)
    }

    @Test func `a name with dots is given by itself`() throws {
        let path = try #require(ClaimPath(["https://example.com/team", "id"]))
        let claims = try JSON.parse(Array(#"{"https://example.com/team":{"id":"x"}}"#.utf8))
        #expect(path.value(in: claims) == .string("x"))
        for odd in ["", ".", "a.", ".a", "a..b"] { #expect(ClaimPath(odd) == nil) }
    }
}
