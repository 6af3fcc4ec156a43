import JSON
import OpenIDConnect
import Testing

struct TokenResponseTests {
    private func parse(_ status: Int, _ body: String) -> TokenResponse {
        TokenResponse.parse(status: status, body: Array(body.utf8))
    }

    /// What Logto 1.42 answers to the code grant.
    @Test func logtosAnswerIsRead() throws {
        let body = """
            {"access_token":"boJgicQ_x","expires_in":3600,"id_token":"eyJ.eyJ.c2ln","refresh_token":"oGs4_y",\
            "scope":"openid offline_access profile","token_type":"Bearer"}
            """
        guard case .tokens(let tokens) = parse(200, body) else {
            Issue.record("not read")
            return
        }
        #expect(tokens.accessToken == "boJgicQ_x")
        #expect(tokens.tokenType == "Bearer")
        #expect(tokens.expiresIn == 3_600)
        #expect(tokens.idToken == "eyJ.eyJ.c2ln")
        #expect(tokens.refreshToken == "oGs4_y")
        #expect(tokens.scope == "openid offline_access profile")
        #expect("\(tokens)" == "(tokens)")
    }

    @Test func whatIsNullIsAbsent() {
        let body = """
            {"access_token":"a","token_type":"bearer","id_token":null,"refresh_token":null,"expires_in":null,\
            "scope":null}
            """
        guard case .tokens(let tokens) = parse(200, body) else {
            Issue.record("not read")
            return
        }
        #expect(tokens.idToken == nil && tokens.refreshToken == nil && tokens.expiresIn == nil && tokens.scope == nil)
    }

    @Test(
        arguments: [
            ("3600", 3_600), ("3.6e3", 3_600), ("0", 0), ("-1", nil), ("1e300", nil), ("3600.5", nil),
            (#""3600""#, nil),
            ("9223372036854775807", Int64.max), ("9223372036854775808", nil), ("true", nil), ("[]", nil),
        ] as [(String, Int64?)]
    )
    func aLifetimeIsAWholeNumberOrUnknown(literal: String, expected: Int64?) {
        guard
            case .tokens(let tokens) = parse(
                200,
                #"{"access_token":"a","token_type":"Bearer","expires_in":\#(literal)}"#
            )
        else {
            Issue.record("not read")
            return
        }
        #expect(tokens.expiresIn == expected)
    }

    @Test(
        arguments: [
            #"{"code":"oidc.invalid_grant","error":"invalid_grant","error_description":"grant request is invalid"}"#,
            #"{"error":"invalid_grant","error_description":"grant request\u2028\r\n is \u202einvalid"}"#,
        ]
    )
    func aRefusalNamesItsCode(body: String) {
        for status in [400, 401, 403] {
            #expect(parse(status, body) == .refused(code: "invalid_grant", description: "grant request is invalid"))
        }
    }

    @Test func aRefusalNeedsNoDescription() {
        #expect(parse(401, #"{"error":"invalid_client"}"#) == .refused(code: "invalid_client", description: nil))
        #expect(
            parse(400, #"{"error":"invalid_grant","error_description":5}"#)
                == .refused(code: "invalid_grant", description: nil)
        )
    }

    @Test(
        arguments: [
            (500, #"{"error":"server_error","error_description":"oops! something went wrong"}"#),
            (500, #"{"message":"Internal server error."}"#), (502, "<html>Bad Gateway</html>"), (503, ""), (504, "{}"),
            (429, #"{"error":"invalid_grant"}"#), (404, #"{"error":"invalid_request"}"#), (302, ""), (0, ""), (-1, ""),
            (400, "<html>"), (400, "{}"), (400, #"["invalid_grant"]"#), (400, #"{"error":null}"#),
            (400, #"{"error":5}"#),
            (400, #"{"error":""}"#), (400, #"{"error":"a\"b"}"#), (400, #"{"error":"invalid\u0000"}"#),
            (400, #"{"error":"invalid_grant","error":"x"}"#), (403, "Forbidden"), (401, ""),
            (200, ""), (200, "<html>"), (200, "[]"), (200, "null"), (200, "{}"), (204, ""),
            (200, #"{"token_type":"Bearer"}"#), (200, #"{"access_token":"a"}"#),
            (200, #"{"access_token":"","token_type":"Bearer"}"#), (200, #"{"access_token":7,"token_type":"Bearer"}"#),
            (200, #"{"access_token":null,"token_type":"Bearer"}"#),
            (200, #"{"access_token":"a b","token_type":"Bearer"}"#),
            (200, #"{"access_token":"a\r\nX: y","token_type":"Bearer"}"#),
            (200, #"{"access_token":"ä","token_type":"Bearer"}"#),
            (200, #"{"access_token":"a","token_type":"DPoP"}"#), (200, #"{"access_token":"a","token_type":null}"#),
            (200, #"{"access_token":"a","token_type":"Bearer","id_token":{}}"#),
            (200, #"{"access_token":"a","token_type":"Bearer","refresh_token":["r"]}"#),
            (200, #"{"access_token":"a","token_type":"Bearer","refresh_token":""}"#),
            (200, #"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#),
            (200, #"{"access_token":"a","token_type":"Bearer"}x"#), (200, #"{"error":"invalid_grant"}"#),
            (201, #"{"access_token":"a","token_type":"Bearer"}"#),
        ]
    )
    func anythingElseSaysNothingAboutTheSession(status: Int, body: String) {
        #expect(parse(status, body) == .temporary)
    }

    @Test func noBytesBreakTheReader() {
        var chance = SeededGenerator(seed: 2)
        let seed = Array(#"{"access_token":"a","token_type":"Bearer","expires_in":3600,"id_token":"a.b.c"}"#.utf8)
        for round in 0..<3_000 {
            _ = TokenResponse.parse(status: round.isMultiple(of: 2) ? 200 : 400, body: chance.mutate(seed))
        }
    }
}
