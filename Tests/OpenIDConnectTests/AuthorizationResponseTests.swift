import OpenIDConnect
import Testing

struct AuthorizationResponseTests {
    private let state = "ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI"
    private let issuer = "https://honest.as.example"

    private func parse(_ query: String, issRequired: Bool = true) throws -> AuthorizationResponse {
        try AuthorizationResponse.parse(
            query: Array(query.utf8),
            expectedState: Array(state.utf8),
            issuer: issuer,
            issRequired: issRequired
        )
    }

    private var good: String { "code=abc&state=\(state)&iss=https%3A%2F%2Fhonest.as.example" }

    /// RFC 9207 section 2.1.
    @Test func theExampleOfRFC9207IsRead() throws {
        let query =
            "code=x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58"
            + "&state=ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI&iss=https%3A%2F%2Fhonest.as.example"
        #expect(try parse(query) == .code("x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58"))
    }

    /// RFC 9207 section 2.3.
    @Test func theErrorExampleOfRFC9207IsRead() throws {
        let query = "error=access_denied&state=\(state)&iss=https%3A%2F%2Fhonest.as.example"
        #expect(try parse(query) == .refused(error: "access_denied", description: nil))
    }

    @Test func parametersWeDoNotKnowAreIgnored() throws {
        #expect(try parse(good + "&session_state=x&session_state=y&foo") == .code("abc"))
    }

    @Test func theDescriptionIsTextWithoutTraps() throws {
        let query = "error=invalid_request&error_description=%22quotes%22+%26+%3Cb%3E%C3%A9%0D%0Ax%00&state=\(state)"
        #expect(
            try parse(query, issRequired: false)
                == .refused(error: "invalid_request", description: "\"quotes\" & <b>\u{E9}x")
        )
        let invalid = "error=invalid_request&error_description=%FF%FE&state=\(state)"
        #expect(try parse(invalid, issRequired: false) == .refused(error: "invalid_request", description: nil))
        let long = "error=x&error_description=\(String(repeating: "a", count: 9_000))&state=\(state)"
        guard case .refused(_, let description?) = try parse(long, issRequired: false) else {
            Issue.record("not read")
            return
        }
        #expect(description.count == 500)
    }

    @Test(arguments: [
        "", "state=", "state=x", "state=ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzJ", "State=x", "code=abc",
    ])
    func theStateComesBeforeAnythingElse(query: String) {
        // Everything else about these is wrong as well; the state is what is named.
        for rest in ["", "&code=a&code=b", "&iss=https%3A%2F%2Fevil.example&code=abc", "&error=x&code=y"] {
            #expect(throws: OpenIDConnectError.stateMismatch) { try parse(query + rest) }
        }
    }

    @Test func anEmptyStateNeverMatches() {
        #expect(throws: OpenIDConnectError.stateMismatch) {
            try AuthorizationResponse.parse(
                query: Array("code=a&state=".utf8),
                expectedState: [],
                issuer: issuer,
                issRequired: false
            )
        }
    }

    @Test(arguments: ["state", "code", "iss", "error", "error_description"])
    func aRepeatedParameterIsRefused(name: String) {
        let query = name == "error" || name == "error_description" ? good + "&\(name)=a&\(name)=a" : good + "&\(name)=a"
        #expect(throws: OpenIDConnectError.responseParameterRepeated(name)) { try parse(query) }
        // Also when the second is spelt otherwise.
        let spelt = query.replacing(
            "&\(name)=a",
            with: "&%\(String(name.utf8.first ?? 0, radix: 16))\(name.dropFirst())=a"
        )
        #expect(throws: OpenIDConnectError.responseParameterRepeated(name)) { try parse(spelt) }
    }

    @Test func thePromisedIssuerMustBeThere() throws {
        #expect(throws: OpenIDConnectError.responseIssuerMissing) { try parse("code=abc&state=\(state)") }
        #expect(throws: OpenIDConnectError.responseIssuerMissing) { try parse("error=access_denied&state=\(state)") }
        #expect(try parse("code=abc&state=\(state)", issRequired: false) == .code("abc"))
    }

    @Test(arguments: [
        "", "https://evil.example", "https://honest.as.example/", "HTTPS://honest.as.example",
        "https://honest.as.example\0",
    ])
    func anIssuerIsComparedWhereverThereIsOne(found: String) {
        for issRequired in [true, false] {
            #expect(throws: OpenIDConnectError.responseIssuerMismatch(found: found)) {
                try parse("code=abc&state=\(state)&iss=\(FormEncoding.encode(found))", issRequired: issRequired)
            }
        }
    }

    @Test func codeAndErrorAtOnceIsNothing() {
        #expect(throws: OpenIDConnectError.responseMalformed) { try parse(good + "&error=access_denied") }
        #expect(throws: OpenIDConnectError.responseMalformed) { try parse(good + "&error=") }
    }

    @Test func neitherCodeNorErrorIsNothing() {
        #expect(throws: OpenIDConnectError.responseWithoutCode) {
            try parse("state=\(state)&iss=https%3A%2F%2Fhonest.as.example")
        }
    }

    @Test(
        arguments: [
            "code=", "code=a+b", "code=%0d%0a", "code=%C3%A9", "code=%FF",
            "code=" + String(repeating: "a", count: 4_097),
            "error=", "error=a%22b", "error=%00", "error=%3Cscript%3E+x", "error=" + String(repeating: "a", count: 129),
            "code=%",
            "code=a&x=%zz",
        ]
    )
    func aCodeOrErrorOfOtherCharactersIsRefused(query: String) {
        #expect(throws: OpenIDConnectError.responseMalformed) {
            try parse(query + "&state=\(state)", issRequired: false)
        }
    }

    @Test func theStateIsFoundForTheTransaction() {
        func found(_ query: String) -> [UInt8]? { AuthorizationResponse.state(in: Array(query.utf8)) }
        #expect(found(good) == Array(state.utf8))
        #expect(found("state=a%2Bb") == Array("a+b".utf8))
        for query in ["", "code=x", "state=", "state", "state=a&state=a", "state=%", "STATE=a"] {
            #expect(found(query) == nil)
        }
    }

    @Test func noBytesBreakTheReaderOrPassWithAnotherState() {
        var chance = SeededGenerator(seed: 4)
        let seed = Array(good.utf8)
        for _ in 0..<3_000 {
            let query = chance.mutate(seed)
            let response = try? AuthorizationResponse.parse(
                query: query,
                expectedState: Array(state.utf8),
                issuer: issuer,
                issRequired: true
            )
            if response != nil { #expect(AuthorizationResponse.state(in: query) == Array(state.utf8)) }
        }
    }
}
