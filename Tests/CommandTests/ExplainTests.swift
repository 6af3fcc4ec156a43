import ArgumentParser
import Command
import JSON
import OpenIDConnect
import Testing

struct ExplainTests {
    private static func lines(_ arguments: [String], claims: String? = nil) throws -> [String] {
        let sample = Sample().withRoute(
            "name = \"admin\"",
            "path = \"/admin\"",
            "upstream = \"http://127.0.0.1:3000\"",
            "require = { roles = [\"admin\"], not = { network = [\"192.0.2.0/24\"] }, max_age = \"10m\" }"
        ).withRoute(
            "name = \"new\"",
            "path = \"/new\"",
            "upstream = \"http://127.0.0.1:3000\"",
            "methods = [\"GET\"]",
            "mode = \"shadow\"",
            "require = { roles = [\"beta\"] }"
        )
        let configuration = try #require(sample.reading().configuration)
        let explain = try #require(
            try Gatehouse.parseAsRoot(["explain", "--config", "g.toml"] + arguments) as? Explain
        )
        let json = try claims.map { try JSON.parse(Array($0.utf8)) }
        return try explain.lines(configuration, claims: json, now: Instant(seconds: 1_700_000_100))
    }

    @Test func aStrangerIsChallenged() throws {
        let lines = try Self.lines(["--url", "https://app.example.com/admin/x?y"])
        #expect(lines.contains("route     admin: app.example.com/admin"))
        #expect(lines.last == "decision  challenge: sign in first")
    }

    @Test func whoLacksARoleIsToldWhich() throws {
        let claims = #"{"sub":"alice","roles":["reader"],"auth_time":1700000000}"#
        let lines = try Self.lines(["--url", "https://app.example.com/admin"], claims: claims)
        #expect(lines.contains("caller    alice from 127.0.0.1"))
        #expect(lines.contains(#"requires  no        roles has one of "admin""#))
        #expect(lines.contains("requires  yes       not"))
        #expect(lines.contains("requires  no          address is in one of 192.0.2.0/24"))
        #expect(lines.contains("requires  signed in within the last 10m"))
        #expect(lines.last == "decision  deny, 403: requirement-not-met")
    }

    @Test func whoHasItPasses() throws {
        let claims = #"{"sub":"alice","roles":["admin"],"auth_time":1700000000}"#
        #expect(try Self.lines(["--url", "https://app.example.com/admin"], claims: claims).last == "decision  permit")
        let old = #"{"sub":"alice","roles":["admin"],"auth_time":1600000000}"#
        let lines = try Self.lines(["--url", "https://app.example.com/admin"], claims: old)
        #expect(lines.last == "decision  challenge: sign in again, as the route requires")
        let elsewhere = ["--url", "https://app.example.com/admin", "--address", "192.0.2.1"]
        #expect(try Self.lines(elsewhere, claims: claims).last == "decision  deny, 403: requirement-not-met")
    }

    @Test func shadowModeSaysWhatItOverlooks() throws {
        let lines = try Self.lines(["--url", "https://app.example.com/new"], claims: #"{"sub":"alice","roles":[]}"#)
        #expect(lines.contains("access    signed-in, shadow mode"))
        #expect(lines.last == "decision  permit; would be denied: requirement-not-met")
    }

    @Test(arguments: [
        (
            ["--url", "https://other.example.com/"],
            "decision  refused, 421: no route is for the host other.example.com"
        ),
        (["--url", "https://app.example.com/a/../b"], "decision  refused, 400: dot-segment"),
        (["--url", "/admin"], "decision  refused, 400: target-form"),
        (["--url", "https://app.example.com/new", "--method", "POST"], "decision  refused: method-not-routed"),
        (
            ["--url", "https://app.example.com/_gatehouse/sign-in"],
            "decision  ours: an endpoint of the gateway, never forwarded"
        ),
    ])
    func whatNeverReachesARouteIsSaid(_ arguments: [String], _ last: String) throws {
        #expect(try Self.lines(arguments).last == last)
    }

    @Test func argumentsThatContradictEachOtherAreRefused() {
        for odd in [["--as", "a", "--claims", "f"], ["--address", "x"]] {
            #expect(throws: (any Error).self) {
                try Gatehouse.parseAsRoot(["explain", "--config", "g.toml", "--url", "https://a/"] + odd)
            }
        }
    }
}
