import Cryptography
import JSON
import LogtoStandIn
import Testing

@Suite struct ResourceTokenTests {
    private static let api = "https://api.example.com"
    private static let asked: [(String, String?)] = [
        ("scope", "openid offline_access urn:logto:scope:organizations read write invite"),
        ("resource", "\(api),urn:logto:resource:organizations"),
    ]

    /// An API, an organization, and Alice in it.
    private static func prepare(_ op: StandIn) async throws {
        try await op.control(
            "POST /resources",
            [
                "indicator": .string(api), "scopes": ["reader": ["read"], "owner": ["delete"]],
                "organizationScopes": ["staff": ["write"]], "machineScopes": ["read", "write"], "accessTokenTtl": 900,
            ]
        )
        try await op.control("POST /organization-scopes", ["scopes": ["staff": ["invite", "expel"]]])
        try await op.control(
            "POST /users",
            ["username": "alice", "organizations": [["id": "org_1", "roles": ["staff"]]]]
        )
    }

    private static func claims(_ answer: Answer) throws -> JSON {
        let parts = (answer.json["access_token"]?.stringValue ?? "").split(separator: ".")
        #expect(parts.count == 3)
        return try JSON.parse(try #require(Base64URL.decode(parts[1].utf8)))
    }

    @Test func aResourceTokenCarriesWhatRolesPermitAndWasAskedFor() async throws {
        try await withStandIn { op in
            try await Self.prepare(op)
            let first = try await op.signIn(Browser(op), Self.asked)
            let answer = try await op.refresh(first.refresh, [("resource", Self.api)])
            let claims = try Self.claims(answer)
            #expect(claims["aud"] == .string(Self.api))
            #expect(claims["scope"] == "read")
            #expect(claims["client_id"] == .string(StandIn.clientID))
            #expect(answer.json["expires_in"] == 900)
            #expect(answer.json["id_token"]?.stringValue != nil)
            let narrow = try await op.refresh(first.refresh, [("resource", Self.api), ("scope", "write")])
            #expect(try Self.claims(narrow)["scope"] == "")
        }
    }

    @Test func organizationTokensAreForTheirOrganization() async throws {
        try await withStandIn { op in
            try await Self.prepare(op)
            let first = try await op.signIn(Browser(op), Self.asked)
            let organization = try Self.claims(try await op.refresh(first.refresh, [("organization_id", "org_1")]))
            #expect(organization["aud"] == "urn:logto:organization:org_1")
            #expect(organization["scope"] == "invite")
            #expect(organization["organization_id"] == nil)
            let both = [("resource", Self.api), ("organization_id", "org_1")] as [(String, String?)]
            let resource = try Self.claims(try await op.refresh(first.refresh, both))
            #expect(resource.objectValue?.first?.name == "organization_id")
            #expect(resource["scope"] == "write")
        }
    }

    @Test func whatWasNotAskedForAtTheStartIsNotToBeHad() async throws {
        try await withStandIn { op in
            try await Self.prepare(op)
            let first = try await op.signIn(Browser(op))
            #expect(try await op.refresh(first.refresh, [("resource", Self.api)]).error == "invalid_target")
        }
    }

    @Test func aMachineGetsWhatItMayHave() async throws {
        try await withStandIn { op in
            try await Self.prepare(op)
            try await op.control("POST /clients", ["id": "m2m", "type": "m2m", "secret": "s"])
            func token(_ fields: [(String, String)]) async throws -> Answer {
                let body = encoded(
                    [("client_id", "m2m"), ("client_secret", "s"), ("grant_type", "client_credentials")] + fields
                )
                return try await Wire.send("POST", "/oidc/token", port: op.port, headers: [formContent], body: body)
            }
            let claims = try Self.claims(try await token([("resource", Self.api), ("scope", "read delete")]))
            #expect(claims["sub"] == "m2m")
            #expect(claims["scope"] == "read")
            #expect(try await token([]).error == "invalid_target")
        }
    }

    @Test func aPersonalAccessTokenIsExchangedByWhoMay() async throws {
        try await withStandIn { op in
            try await Self.prepare(op)
            let made = try await op.control("POST /personal-access-tokens", ["user": "alice"])
            let fields: [(String, String?)] = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", made["value"]?.stringValue), ("resource", Self.api),
                ("subject_token_type", "urn:logto:token-type:personal_access_token"),
            ]
            #expect(try await op.call("/oidc/token", fields).error == "invalid_request")
            try await op.control("POST /clients", ["id": .string(StandIn.clientID), "allowTokenExchange": true])
            let answer = try await op.call("/oidc/token", fields)
            #expect(try Self.claims(answer)["scope"] == "read")
            #expect(answer.json["refresh_token"] == nil)
            let wrong = fields.map { $0.0 == "subject_token" ? ($0.0, "pat_x") : $0 }
            #expect(try await op.call("/oidc/token", wrong).error == "invalid_grant")
        }
    }
}
