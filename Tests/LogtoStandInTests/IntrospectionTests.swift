import JSON
import LogtoStandIn
import Testing

@Suite struct IntrospectionTests {
    private func introspect(_ op: StandIn, _ token: String?) async throws -> Answer {
        try await op.call("/oidc/token/introspection", [("token", token)])
    }

    private func revoke(_ op: StandIn, _ token: String?) async throws -> Answer {
        try await op.call("/oidc/token/revocation", [("token", token)])
    }

    @Test func opaqueTokensAreDescribed() async throws {
        try await withStandIn { op in
            let tokens = try await op.signIn(Browser(op))
            let access = try await introspect(op, tokens.access).json
            #expect(access["active"] == true)
            #expect(access["sub"] == "alice0000001")
            #expect(access["token_type"] == "Bearer")
            let refresh = try await introspect(op, tokens.refresh).json
            #expect(refresh["active"] == true)
            #expect(refresh["token_type"] == nil)
            #expect(try await introspect(op, "unknown").json == ["active": false])
            let jwt = try await introspect(op, tokens.id)
            #expect(jwt.status == 400)
            #expect(jwt.error == "unsupported_token_type")
            #expect(jwt.json["message"] == "An OIDC error occurred: oidc.unsupported_token_type.")
        }
    }

    @Test(arguments: [true, false])
    func revokingEitherTokenRevokesTheGrantAndLeavesTheSession(_ isRefresh: Bool) async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            let tokens = try await op.signIn(browser)
            let answer = try await revoke(op, isRefresh ? tokens.refresh : tokens.access)
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
            #expect(try await op.me(tokens.access).status == 401)
            #expect(try await op.refresh(tokens.refresh).error == "invalid_grant")
            _ = try await op.signIn(browser)
            #expect(!browser.trail.contains { $0.hasPrefix("/sign-in") })
        }
    }

    @Test func revokingAnUnknownTokenIsFineAndAnothersIsNot() async throws {
        try await withStandIn { op in
            #expect(try await revoke(op, "unknown").status == 200)
            #expect(try await revoke(op, "a.b.c").error == "unsupported_token_type")
            let tokens = try await op.signIn(Browser(op))
            try await op.control("POST /clients", ["id": "other", "secret": "s"])
            let body = encoded([("client_id", "other"), ("client_secret", "s"), ("token", tokens.refresh ?? "")])
            let answer = try await Wire.send(
                "POST",
                "/oidc/token/revocation",
                port: op.port,
                headers: [formContent],
                body: body
            )
            #expect(answer.json["error_description"] == "client is not authorized to revoke the presented token")
            #expect(try await op.refresh(tokens.refresh).status == 200)
        }
    }
}
