import JSON
import LogtoStandIn
import Testing

@Suite struct UserInfoTests {
    @Test func claimsOfTheGrantedScopesComeByHeaderOrForm() async throws {
        try await withStandIn { op in
            let tokens = try await op.signIn(Browser(op))
            let answer = try await op.me(tokens.access)
            #expect(answer.status == 200)
            #expect(answer.header("cache-control") == "no-store")
            #expect(answer.json["sub"] == "alice0000001")
            #expect(answer.json["email"] == "alice@example.com")
            let body = encoded([("access_token", tokens.access ?? "")])
            let posted = try await Wire.send("POST", "/oidc/me", port: op.port, headers: [formContent], body: body)
            #expect(posted.json == answer.json)
        }
    }

    @Test func withoutOrWithAWrongTokenItIs401() async throws {
        try await withStandIn { op in
            let none = try await Wire.send("GET", "/oidc/me", port: op.port)
            #expect(none.status == 401)
            #expect(none.header("www-authenticate") == "Bearer realm=\"\(op.issuer)\"")
            #expect(none.json["error_description"] == "no access token provided")
            let wrong = try await op.me("wrong")
            #expect(wrong.status == 401)
            #expect(
                wrong.header("www-authenticate")
                    == "Bearer realm=\"\(op.issuer)\", error=\"invalid_token\", "
                    + "error_description=\"invalid token provided\""
            )
        }
    }

    @Test func anExpiredTokenIs401() async throws {
        try await withStandIn { op in
            let tokens = try await op.signIn(Browser(op))
            try await op.control("POST /clock", ["advanceS": 3601])
            #expect(try await op.me(tokens.access).status == 401)
        }
    }

    @Test func withoutOpenidThereIsNoIDTokenAndNoUserinfo() async throws {
        try await withStandIn { op in
            let tokens = try await op.signIn(Browser(op), [("scope", "profile")])
            #expect(tokens.id == nil)
            #expect(try await op.me(tokens.access).error == "insufficient_scope")
        }
    }
}
