import JSON
import LogtoStandIn
import Testing

@Suite struct KeySetTests {
    private func keys(_ op: StandIn) async throws -> JSON {
        try await Wire.send("GET", "/oidc/jwks", port: op.port).json
    }

    @Test(arguments: [
        ("EC", "ES384"), ("P-256", "ES256"), ("P-521", "ES512"), ("RSA", "RS256"), ("Ed25519", "EdDSA"),
    ])
    func aRotatedKeySignsAtOnceAndTheOldOneStaysPublished(_ kind: String, _ algorithm: String) async throws {
        try await withStandIn { op in
            let first = try await op.signIn(Browser(op))
            try await op.control("POST /rotate", ["alg": .string(kind)])
            let published = try await keys(op)
            #expect(published["keys"]?.arrayValue?.count == 2)
            #expect(published["keys"]?.arrayValue?.last?["kid"] == first.header["kid"])
            let second = try await op.signIn(Browser(op))
            #expect(second.header["alg"]?.stringValue == algorithm)
            #expect(second.header["kid"] != first.header["kid"])
            #expect(try isSigned(first.id, by: published))
            #expect(try isSigned(second.id, by: published))
        }
    }

    @Test func discoveryListsRSAFirstAndItsJWKHasNoAlgorithm() async throws {
        try await withStandIn { op in
            try await op.control("POST /rotate", ["alg": "RSA"])
            let document = try await Wire.send("GET", "/oidc/.well-known/openid-configuration", port: op.port).json
            #expect(document["id_token_signing_alg_values_supported"] == ["PS256", "RS256", "ES384"])
            let key = try #require(try await keys(op)["keys"]?.arrayValue?.first)
            #expect(key["kty"] == "RSA")
            #expect(key["alg"] == nil)
        }
    }

    @Test func aStagedKeyIsPublishedSecondAndSignsOnlyWhenItIsActivated() async throws {
        try await withStandIn { op in
            let before = try await op.signIn(Browser(op)).header["kid"]
            let staged = try await op.control("POST /rotate", ["mode": "stage"])["next"]
            #expect(try await keys(op)["keys"]?.arrayValue?.map { $0["kid"] } == [before, staged])
            #expect(try await op.signIn(Browser(op)).header["kid"] == before)
            try await op.control("POST /rotate", ["mode": "activate"])
            #expect(try await keys(op)["keys"]?.arrayValue?.map { $0["kid"] } == [staged, before])
            #expect(try await op.signIn(Browser(op)).header["kid"] == staged)
        }
    }

    @Test func aGracePeriodPassesWithTheClock() async throws {
        try await withStandIn { op in
            let before = try await op.signIn(Browser(op)).header["kid"]
            try await op.control("POST /rotate", ["graceS": 100])
            #expect(try await op.signIn(Browser(op)).header["kid"] == before)
            try await op.control("POST /clock", ["advanceS": 101])
            #expect(try await op.signIn(Browser(op)).header["kid"] != before)
        }
    }

    @Test func twoRotationsDropTheFirstKey() async throws {
        try await withStandIn { op in
            let first = try await op.signIn(Browser(op))
            try await op.control("POST /rotate")
            try await op.control("POST /rotate")
            #expect(try await !isSigned(first.id, by: keys(op)))
            let hint = encoded([("id_token_hint", first.id ?? "")])
            #expect(try await Browser(op).get("/oidc/session/end?" + hint).status == 400)
        }
    }
}
