import Cryptography
import JSON
import LogtoStandIn
import Testing

@Suite struct TokenEndpointTests {
    private func code(_ op: StandIn) async throws -> String {
        try #require(try await Browser(op).open(authorizationTarget()).parameters["code"])
    }

    private func codeFields(_ code: String) -> [(String, String)] {
        [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
            ("code_verifier", codeVerifier),
        ]
    }

    private func basic(_ id: String, _ secret: String) -> (name: String, value: String) {
        (name: "Authorization", value: "Basic " + Base64.encode(Array("\(id):\(secret)".utf8)))
    }

    @Test func credentialsComeInTheHeaderInTheFormOrInJSON() async throws {
        try await withStandIn { op in
            let inHeader = try await Wire.send(
                "POST",
                "/oidc/token",
                port: op.port,
                headers: [formContent, basic(StandIn.clientID, StandIn.clientSecret)],
                body: encoded(codeFields(code(op)))
            )
            #expect(inHeader.status == 200)
            #expect(try await op.exchange(code(op)).status == 200)
            let credentials = [("client_id", StandIn.clientID), ("client_secret", StandIn.clientSecret)]
            let members = try await (credentials + codeFields(code(op))).map {
                JSONMember(name: $0.0, value: .string($0.1))
            }
            let inJSON = try await Wire.send(
                "POST",
                "/oidc/token",
                port: op.port,
                headers: [(name: "Content-Type", value: "application/json")],
                body: String(decoding: JSON.object(members).bytes, as: UTF8.self)
            )
            #expect(inJSON.status == 200)
        }
    }

    @Test func basicCredentialsAreFormEncoded() async throws {
        try await withStandIn { op in
            try await op.control(
                "POST /clients",
                ["id": "odd id", "secret": "a+b c%&=ü:x", "redirectUris": [.string(redirectURI)]]
            )
            let answer = try await Wire.send(
                "POST",
                "/oidc/token",
                port: op.port,
                headers: [formContent, basic(Form.encode("odd id"), Form.encode("a+b c%&=ü:x"))],
                body: "grant_type=authorization_code&code=x&redirect_uri=y"
            )
            #expect(answer.error == "invalid_grant")
        }
    }

    @Test func aWrongSecretIs401WithAChallenge() async throws {
        try await withStandIn { op in
            let answer = try await Wire.send(
                "POST",
                "/oidc/token",
                port: op.port,
                headers: [formContent, basic(StandIn.clientID, "wrong")],
                body: "grant_type=authorization_code"
            )
            #expect(answer.status == 401)
            #expect(answer.error == "invalid_client")
            #expect(
                answer.header("www-authenticate")
                    == "Basic realm=\"\(op.issuer)\", error=\"invalid_client\", "
                    + "error_description=\"client authentication failed\""
            )
        }
    }

    @Test(
        arguments: [
            ("client_id=nobody&client_secret=x", nil, "invalid_client", "invalid client nobody"),
            ("grant_type=refresh_token", nil, "invalid_request", "no client authentication mechanism provided"),
            ("", "Basic !!!", "invalid_request", "invalid authorization header value format"),
            ("", "Digest x", "invalid_request", "invalid authorization header value format"),
            (
                "client_id=other", "Basic " + Base64.encode(Array("gatehousedemoapp00001:x".utf8)), "invalid_request",
                "mismatch in body and authorization client ids"
            ),
        ] as [(String, String?, String, String)]
    )
    func otherFailuresOfAuthenticationAre400(
        _ body: String,
        _ field: String?,
        _ error: String,
        _ detail: String
    ) async throws {
        try await withStandIn { op in
            let authorization = field.map { [(name: "Authorization", value: $0)] } ?? []
            let answer = try await Wire.send(
                "POST",
                "/oidc/token",
                port: op.port,
                headers: [formContent] + authorization,
                body: body
            )
            #expect(answer.status == 400)
            #expect(answer.error == error)
            #expect(answer.json["error_description"]?.stringValue == detail)
        }
    }

    @Test func oneOfSeveralSecretsMayHaveExpired() async throws {
        try await withStandIn { op in
            let secrets: JSON = [
                ["name": "old", "value": "old", "expiresAt": 1], ["name": "new", "value": "new"],
            ]
            try await op.control("POST /clients", ["id": "two", "secrets": secrets])
            func answer(_ secret: String) async throws -> Answer {
                try await Wire.send(
                    "POST",
                    "/oidc/token",
                    port: op.port,
                    headers: [formContent],
                    body: "client_id=two&client_secret=\(secret)&grant_type=refresh_token&refresh_token=x"
                )
            }
            #expect(try await answer("old").json["error_description"] == "client secret has expired")
            #expect(try await answer("new").error == "invalid_grant")
        }
    }

    @Test func theReasonOfARefusedGrantIsNeverTold() async throws {
        try await withStandIn { op in
            let verifier = String(repeating: "a", count: 43)
            var answers = [try await op.exchange("unknown")]
            answers.append(try await op.exchange(code(op), verifier: verifier))
            answers.append(try await op.exchange(code(op), verifier: nil))
            let late = try await code(op)
            try await op.control("POST /clock", ["advanceS": 61])
            answers.append(try await op.exchange(late))
            let body: JSON = [
                "code": "oidc.invalid_grant", "message": "Grant request is invalid.",
                "error_uri": "https://openid.sh/debug/invalid_grant", "error": "invalid_grant",
                "error_description": "grant request is invalid",
            ]
            for answer in answers {
                #expect(answer.status == 400)
                #expect(answer.json == body)
            }
            let bare = try await op.call(
                "/oidc/token?parse_error=false",
                [("grant_type", "refresh_token"), ("refresh_token", "x")]
            )
            #expect(bare.json == ["error": "invalid_grant", "error_description": "grant request is invalid"])
        }
    }

    @Test func aReplayedCodeKillsTheTokensOfTheFirstExchange() async throws {
        try await withStandIn { op in
            let code = try await code(op)
            let tokens = Tokens(try await op.exchange(code).json)
            #expect(try await op.me(tokens.access).status == 200)
            #expect(try await op.exchange(code).status == 400)
            #expect(try await op.me(tokens.access).status == 401)
            #expect(try await op.refresh(tokens.refresh).error == "invalid_grant")
        }
    }

    @Test func ofFourExchangesAtOnceOneSucceeds() async throws {
        try await withStandIn { op in
            let code = try await code(op)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await op.exchange(code).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 400, 400, 400])
        }
    }

    @Test(arguments: [
        ("password", "unsupported_grant_type"), ("client_credentials", "invalid_request"),
        ("urn:ietf:params:oauth:grant-type:token-exchange", "invalid_request"),
    ])
    func otherGrantsAreNotForAWebApplication(_ grantType: String, _ error: String) async throws {
        try await withStandIn { op in
            let answer = try await op.call("/oidc/token", [("grant_type", grantType)])
            #expect(answer.status == 400)
            #expect(answer.error == error)
        }
    }

    @Test func aBrowsersOriginIsRefusedUnlessItIsTheApplications() async throws {
        try await withStandIn { op in
            for (origin, error) in [
                ("https://evil.example", "invalid_request"), ("http://127.0.0.1:8080", "invalid_grant"),
            ] {
                let answer = try await Wire.send(
                    "POST",
                    "/oidc/token",
                    port: op.port,
                    headers: [
                        formContent, basic(StandIn.clientID, StandIn.clientSecret), (name: "Origin", value: origin),
                    ],
                    body: "grant_type=refresh_token&refresh_token=x"
                )
                #expect(answer.error == error)
            }
        }
    }

    @Test func aBodyWithANulByteIsRefused() async throws {
        try await withStandIn { op in
            let answer = try await Wire.send("POST", "/oidc/token", port: op.port, headers: [formContent], body: "a=\0")
            #expect(answer.status == 400)
        }
    }
}
