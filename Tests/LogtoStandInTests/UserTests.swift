import JSON
import LogtoStandIn
import Testing

@Suite struct UserTests {
    @Test func unsetValuesAreNullAndTimesAreMilliseconds() async throws {
        try await withStandIn(auto: "bob") { op in
            let scope = "openid profile email phone"
            let claims = try await op.signIn(Browser(op), [("scope", scope)]).claims
            for name in ["picture", "email", "phone_number"] { #expect(claims[name] == .some(.null), "\(name)") }
            #expect(claims["email_verified"] == false)
            #expect(claims["given_name"] == nil)
            #expect(claims["preferred_username"] == "bob")
            #expect(claims["updated_at"] == 1_700_000_000_000)
        }
    }

    @Test func hostileNamesAndManyRolesArriveWhole() async throws {
        try await withStandIn(auto: "mallory") { op in
            let roles = (0..<200).map { "role, \($0):\"x\"" }
            try await op.control(
                "POST /users",
                ["username": "mallory", "name": "a\r\nX-Evil: 1\u{0}", "roles": .array(roles.map(JSON.string))]
            )
            let claims = try await op.signIn(Browser(op)).claims
            #expect(claims["name"] == "a\r\nX-Evil: 1\u{0}")
            #expect(claims["roles"]?.arrayValue?.count == 200)
        }
    }

    @Test func anIDTokenOfFortyKilobytesIsNoTrouble() async throws {
        try await withStandIn { op in
            let organizations = (0..<1000).map { ["id": "organization_of_test_\($0)", "roles": ["member"]] as JSON }
            try await op.control("POST /users", ["username": "alice", "organizations": .array(organizations)])
            let scope = "openid urn:logto:scope:organizations urn:logto:scope:organization_roles"
            let tokens = try await op.signIn(Browser(op), [("scope", scope)])
            #expect((tokens.id?.utf8.count ?? 0) > 40_000)
            #expect(tokens.claims["organization_roles"]?.arrayValue?.first == "organization_of_test_0:member")
        }
    }

    @Test func togglesMoveClaimsFromTheIDTokenToUserinfo() async throws {
        try await withStandIn { op in
            try await op.control("POST /knobs", ["extendedClaims": ["roles": false]])
            let tokens = try await op.signIn(Browser(op))
            #expect(tokens.claims["roles"] == nil)
            #expect(try await op.me(tokens.access).json["roles"] == ["admin", "reader"])
        }
    }
}
