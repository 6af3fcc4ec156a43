import JSON
import LogtoStandIn
import Testing

@Suite struct ClockTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        // RFC 9110 section 5.6.7.
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    ])
    func theDateFieldShowsTheMovedClock(_ seconds: Int64, _ date: String) async throws {
        let op = try await StandIn.start(StandIn.Options()) { 0 }
        try await op.control("POST /clock", ["skewS": .number(JSONNumber(seconds))])
        let answer = try await Wire.send("GET", "/oidc/jwks", port: op.port)
        #expect(answer.header("date") == date)
        try await op.shutDown()
    }
}
