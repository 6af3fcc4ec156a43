import JSON
import LogtoStandIn
import Testing

@Suite struct RefreshGrantTests {
    @Test func theSameTokenComesBackUntilSeventyPercentOfItsLife() async throws {
        try await withStandIn { op in
            let first = try await op.signIn(Browser(op))
            let early = Tokens(try await op.refresh(first.refresh).json)
            #expect(early.refresh == first.refresh)
            #expect(early.claims["nonce"] == "n0nce")
            #expect(early.scope == first.scope)
            try await op.control("POST /clock", ["advanceS": 846_721])
            let late = Tokens(try await op.refresh(first.refresh).json)
            #expect(late.refresh != first.refresh)
        }
    }

    @Test func aConsumedTokenWorksForThreeSecondsAndThenKillsTheGrant() async throws {
        try await withStandIn { op in
            try await op.control("POST /knobs", ["rotation": "always"])
            let first = try await op.signIn(Browser(op))
            let second = Tokens(try await op.refresh(first.refresh).json)
            let reused = Tokens(try await op.refresh(first.refresh).json)
            #expect(Set([first.refresh, second.refresh, reused.refresh]).count == 3)
            try await op.control("POST /clock", ["advanceS": 5])
            #expect(try await op.refresh(first.refresh).error == "invalid_grant")
            #expect(try await op.refresh(second.refresh).error == "invalid_grant")
            #expect(try await op.me(second.access).status == 401)
        }
    }

    @Test func aPublicClientsTokenRotatesEveryTime() async throws {
        try await withStandIn { op in
            try await op.control("POST /clients", ["id": "spa", "type": "spa", "redirectUris": [.string(redirectURI)]])
            let code = try await Browser(op).open(authorizationTarget([("client_id", "spa")])).parameters["code"]
            func token(_ fields: [(String, String)]) async throws -> Tokens {
                let body = encoded([("client_id", "spa")] + fields)
                return Tokens(
                    try await Wire.send("POST", "/oidc/token", port: op.port, headers: [formContent], body: body).json
                )
            }
            let first = try await token([
                ("grant_type", "authorization_code"), ("code", code ?? ""), ("redirect_uri", redirectURI),
                ("code_verifier", codeVerifier),
            ])
            let second = try await token([("grant_type", "refresh_token"), ("refresh_token", first.refresh ?? "")])
            #expect(second.refresh != nil)
            #expect(second.refresh != first.refresh)
        }
    }

    @Test func narrowingDropsClaimsAndWideningIsRefused() async throws {
        try await withStandIn { op in
            let first = try await op.signIn(Browser(op))
            let narrow = Tokens(try await op.refresh(first.refresh, [("scope", "openid profile")]).json)
            #expect(narrow.scope == "openid profile")
            #expect(narrow.claims["name"] == "Alice Liddell")
            #expect(narrow.claims["email"] == nil)
            let bare = Tokens(try await op.refresh(first.refresh, [("scope", "read")]).json)
            #expect(bare.scope == "")
            #expect(bare.id == nil)
            let wide = try await op.refresh(first.refresh, [("scope", "openid address")])
            #expect(wide.error == "invalid_scope")
            #expect(wide.json["scope"] == "address")
        }
    }

    @Test func organizationsAndResourcesAreRefusedAsLogtoRefusesThem() async throws {
        try await withStandIn { op in
            let first = try await op.signIn(Browser(op))
            let without = try await op.refresh(first.refresh, [("organization_id", "org_1")])
            #expect(without.status == 403)
            #expect(without.error == "insufficient_scope")
            #expect(without.json["scope"] == "urn:logto:scope:organizations")
            let scope = "openid offline_access urn:logto:scope:organizations"
            let second = try await op.signIn(Browser(op), [("scope", scope)])
            let stranger = try await op.refresh(second.refresh, [("organization_id", "org_1")])
            #expect(stranger.status == 403)
            #expect(stranger.error == "access_denied")
            #expect(try await op.refresh(first.refresh, [("resource", "https://api")]).error == "invalid_target")
        }
    }

    @Test func aRoleChangeShowsAtTheNextRefresh() async throws {
        try await withStandIn { op in
            let first = try await op.signIn(Browser(op))
            #expect(first.claims["roles"] == ["admin", "reader"])
            try await op.control("POST /roles", ["user": "alice", "roles": ["reader"]])
            #expect(Tokens(try await op.refresh(first.refresh).json).claims["roles"] == ["reader"])
        }
    }

    @Test func suspensionByTheAPIDeletesAndByTheFlagOnlyRefuses() async throws {
        try await withStandIn { op in
            let flagged = try await op.signIn(Browser(op))
            try await op.control("POST /suspend", ["user": "alice", "mode": "flag"])
            #expect(try await op.refresh(flagged.refresh).error == "invalid_grant")
            #expect(try await op.me(flagged.access).status == 400)
            try await op.control("POST /suspend", ["user": "alice", "mode": "flag", "suspended": false])
            #expect(try await op.refresh(flagged.refresh).status == 200)
            try await op.control("POST /suspend", ["user": "alice"])
            try await op.control("POST /suspend", ["user": "alice", "suspended": false])
            #expect(try await op.refresh(flagged.refresh).error == "invalid_grant")
            #expect(try await op.me(flagged.access).status == 401)
        }
    }

    @Test func aTokenThatIsAlwaysIssuedDiesWithTheSession() async throws {
        try await withStandIn { op in
            try await op.control(
                "POST /clients",
                ["id": .string(StandIn.clientID), "alwaysIssueRefreshToken": true]
            )
            let browser = Browser(op)
            let tokens = try await op.signIn(browser, [("prompt", nil)])
            #expect(tokens.scope?.contains("offline_access") == false)
            #expect(try await op.refresh(tokens.refresh).status == 200)
            try await op.control("DELETE /session", ["user": "alice"])
            #expect(try await op.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await op.me(tokens.access).status == 401)
        }
    }
}
