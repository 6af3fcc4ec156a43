import Cryptography
import JSON
import LogtoStandIn
import Testing

@Suite struct ControlPortTests {
    private let discovery = "/oidc/.well-known/openid-configuration"

    @Test func theLogHasEveryRequestWithItsHeadersBodyAndStatus() async throws {
        try await withStandIn { op in
            _ = try await op.refresh("x")
            let entry = try #require(try await op.control("GET /log?path=/oidc/token").arrayValue?.first)
            #expect(entry["method"] == "POST")
            #expect(entry["status"] == 400)
            #expect(entry["body"]?.stringValue?.hasSuffix("grant_type=refresh_token&refresh_token=x") == true)
            #expect(
                entry["headers"]?.arrayValue?.contains(["Content-Type", "application/x-www-form-urlencoded"]) == true
            )
            let number = entry["n"]?.integerValue ?? 0
            #expect(try await op.control("GET /log?since=\(number)") == [])
            #expect(try await op.control("GET /events?event=refresh_refused").arrayValue?.count == 1)
        }
    }

    @Test func aMistakeInATestIsRefused() async throws {
        try await withStandIn { op in
            let error = try await op.control("POST /fault", ["route": "token", "delay": 5])["error"]?.stringValue
            #expect(error?.hasPrefix("unknown member delay; known: ") == true)
            #expect(try await op.control("POST /fault", ["route": "tokn"])["error"] != nil)
            #expect(try await op.control("POST /clients", ["redirectUris": "x"])["error"] != nil)
            #expect(try await op.control("POST /nothing")["error"] != nil)
            #expect(try await op.control("POST /suspend", ["user": "nobody"])["error"] == "no such user: nobody")
        }
    }

    @Test func faultsMeetTheNextRequestsOfTheirRouteOnly() async throws {
        try await withStandIn { op in
            try await op.control(
                "POST /fault",
                ["route": "jwks", "n": 2, "status": 503, "headers": ["Retry-After": "7"], "body": "<p>"]
            )
            #expect(try await Wire.send("GET", discovery, port: op.port).status == 200)
            for _ in 0..<2 {
                let failed = try await Wire.send("GET", "/oidc/jwks", port: op.port)
                #expect(failed.status == 503)
                #expect(failed.header("retry-after") == "7")
                #expect(failed.text == "<p>")
            }
            #expect(try await Wire.send("GET", "/oidc/jwks", port: op.port).status == 200)
        }
    }

    @Test func answersCanBeCutDrippedDroppedAndRefused() async throws {
        try await withStandIn { op in
            try await op.control("POST /fault", ["route": "jwks", "truncate": 10])
            let cut = try await Wire.send("GET", "/oidc/jwks", port: op.port)
            #expect(cut.body.count == 10)
            #expect(cut.header("content-length").flatMap { Int($0) }.map { $0 > 10 } == true)
            try await op.control("POST /fault", ["route": "jwks", "chunk": 16])
            let dripped = try await Wire.send("GET", "/oidc/jwks", port: op.port)
            #expect(dripped.header("transfer-encoding") == "chunked")
            #expect(dripped.text.hasPrefix("10\r\n"))
            for fault in ["close", "drop"] {
                try await op.control(
                    "POST /fault",
                    .object([
                        JSONMember(name: "route", value: "jwks"), JSONMember(name: fault, value: true),
                    ])
                )
                #expect(try await Wire.send("GET", "/oidc/jwks", port: op.port).status == 0)
            }
        }
    }

    @Test func aDroppedTokenAnswerHasStillHappened() async throws {
        try await withStandIn { op in
            try await op.control("POST /knobs", ["rotation": "always"])
            let tokens = try await op.signIn(Browser(op))
            try await op.control("POST /fault", ["route": "token", "grantType": "refresh_token", "drop": true])
            #expect(try await op.refresh(tokens.refresh).status == 0)
            #expect(try await op.control("GET /events?event=token_refreshed").arrayValue?.first?["rotated"] == true)
        }
    }

    @Test(
        arguments: [
            (["claims": ["aud": "other", "exp": 1]], true, ["aud": "other", "exp": 1], [:]),
            (["drop": ["nonce", "iat"]], true, ["nonce": nil, "iat": nil], [:]),
            (["iss": "https://evil.example"], true, ["iss": "https://evil.example"], [:]),
            (["badSig": true], false, [:], [:]), (["wrongKey": true], false, [:], [:]),
            (["alg": "none"], false, [:], ["alg": "none"]), (["alg": "HS256"], false, [:], ["alg": "HS256"]),
            (["alg": "RS256"], false, [:], ["alg": "RS256"]), (["kid": "other"], false, [:], ["kid": "other"]),
            (["kid": nil], false, [:], ["kid": nil]), (["typ": "at+jwt"], true, [:], ["typ": "at+jwt"]),
            (["header": ["crit": ["x"]]], true, [:], ["crit": ["x"]]),
            (["payload": #"{"sub":"a","sub":"b"}"#], true, [:], [:]),
        ] as [(JSON, Bool, JSON, JSON)]
    )
    func theNextIDTokenIsForgedAndTheOneAfterIsNot(
        _ mutation: JSON,
        _ isValid: Bool,
        _ claims: JSON,
        _ header: JSON
    ) async throws {
        try await withStandIn { op in
            let keys = try await Wire.send("GET", "/oidc/jwks", port: op.port).json
            try await op.control("POST /mutate", mutation)
            let forged = try await op.signIn(Browser(op))
            #expect(try isSigned(forged.id, by: keys) == isValid)
            for claim in claims.objectValue ?? [] { #expect(forged.claims[claim.name] ?? .null == claim.value) }
            for member in header.objectValue ?? [] { #expect(forged.header[member.name] ?? .null == member.value) }
            #expect(try isSigned(try await op.signIn(Browser(op)).id, by: keys))
        }
    }

    @Test func anHMACCanBeTakenWithTheClientSecret() async throws {
        try await withStandIn { op in
            try await op.control("POST /mutate", ["alg": "HS256"])
            let parts = try #require(try await op.signIn(Browser(op)).id?.split(separator: "."))
            let message = Array("\(parts[0]).\(parts[1])".utf8)
            let mac = Digest.hmacSHA256(message, key: Array(StandIn.clientSecret.utf8))
            #expect(String(parts[2]) == Base64URL.encode(mac))
        }
    }

    @Test func tokenAndUserinfoAnswersCanBeSpoiled() async throws {
        try await withStandIn { op in
            try await op.control(
                "POST /mutate",
                ["response": ["id_token": nil, "expires_in": "soon"], "userinfo": ["sub": "other"]]
            )
            let tokens = try await op.signIn(Browser(op))
            #expect(tokens.id == nil)
            #expect(tokens.answer["expires_in"] == "soon")
            #expect(try await op.me(tokens.access).json["sub"] == "other")
            #expect(try await op.me(tokens.access).json["sub"] == "alice0000001")
        }
    }

    @Test(
        arguments: [
            (["dropIss": true], ["code", "state"]), (["wrongIss": true], ["code", "state", "iss"]),
            (["dupState": true], ["code", "state", "state", "iss"]), (["dropState": true], ["code", "iss"]),
            (["add": ["error": "x"]], ["code", "state", "iss", "error"]),
        ] as [(JSON, [String])]
    )
    func theNextRedirectIsSpoiled(_ mutation: JSON, _ names: [String]) async throws {
        try await withStandIn { op in
            try await op.control("POST /callback-mutate", mutation)
            let parameters = try await Browser(op).open(authorizationTarget()).parameters
            #expect(parameters.fields.map(\.name) == names)
            if mutation["wrongIss"] != nil { #expect(parameters["iss"] == "https://evil.example/oidc") }
        }
    }

    @Test func tokensAreMintedOnDemand() async throws {
        try await withStandIn { op in
            let token = try await op.control(
                "POST /mint",
                ["kind": "logout_token", "user": "alice", "sid": "s1", "claims": ["jti": "j1"]]
            )
            let minted = Tokens(["id_token": token["token"] ?? .null])
            #expect(minted.claims["sid"] == "s1")
            #expect(minted.claims["jti"] == "j1")
            #expect(minted.header["typ"] == "logout+jwt")
        }
    }

    @Test func theClockMovesEveryTime() async throws {
        try await withStandIn { op in
            let before = try await op.signIn(Browser(op)).claims["iat"]?.integerValue ?? 0
            try await op.control("POST /clock", ["skewS": -400])
            let behind = try await op.signIn(Browser(op)).claims["iat"]?.integerValue ?? 0
            #expect((390...400).contains(before - behind))
        }
    }

    @Test func aResetGoesBackToTheStart() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            let tokens = try await op.signIn(browser)
            try await op.control("POST /clock", ["skewS": 400])
            #expect(try await op.control("GET /sessions?user=alice")["sessions"]?.arrayValue?.count == 1)
            try await op.control("POST /reset")
            #expect(try await op.control("GET /sessions")["sessions"] == [])
            #expect(try await op.control("GET /clock")["skew_s"] == 0)
            #expect(try await op.me(tokens.access).status == 401)
            #expect(try await op.signIn(browser).id != nil)
        }
    }
}
