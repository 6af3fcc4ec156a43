import JSON
import LogtoStandIn
import Testing

@Suite struct AuthorizationTests {
    @Test func theWholeFlowGivesCodeStateAndIssuerAndNothingElse() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            let end = try await browser.open(authorizationTarget())
            #expect(end.parameters.fields.map(\.name) == ["code", "state", "iss"])
            #expect(end.parameters["state"] == "st4te")
            #expect(end.parameters["iss"] == op.issuer)
            #expect(browser.trail.first == "/sign-in?app_id=\(StandIn.clientID)")
            #expect(browser.trail.contains("/consent?app_id=\(StandIn.clientID)"))
            let answer = try await op.exchange(end.parameters["code"])
            #expect(answer.status == 200)
            #expect(answer.header("cache-control") == "no-store")
            let tokens = Tokens(answer.json)
            #expect(tokens.access?.utf8.count == 43)
            #expect(tokens.scope == "openid offline_access profile email roles")
            #expect(tokens.claims["nonce"] == "n0nce")
            #expect(tokens.claims["aud"]?.stringValue == StandIn.clientID)
            #expect(tokens.claims["auth_time"] == nil)
            #expect(tokens.header["typ"] == nil)
        }
    }

    @Test func theFirstRedirectSetsTheInteractionsCookiesAndNoSession() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            let answer = try await browser.get(
                authorizationTarget([("organization_id", "org_1"), ("ui_locales", "ja")])
            )
            #expect(answer.status == 303)
            #expect(
                browser.cookieNames == [
                    "_interaction", "_interaction.sig", "_interaction_resume", "_interaction_resume.sig", "_logto",
                ]
            )
            let logto = answer.headers.first { $0.value.hasPrefix("_logto=") }?.value ?? ""
            #expect(logto.contains(#"{"appId":"\#(StandIn.clientID)","organizationId":"org_1","uiLocales":"ja"}"#))
        }
    }

    @Test(arguments: [
        // prompt, a refresh token when nobody is signed in, and auth_time
        (nil, false, false), ("consent", true, false), ("login", false, true), ("login consent", true, true),
    ])
    func onlyConsentGivesARefreshTokenAndOnlyLoginATime(
        _ prompt: String?,
        _ refreshes: Bool,
        _ tellsTime: Bool
    ) async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            let tokens = try await op.signIn(browser, [("prompt", prompt)])
            #expect((tokens.refresh != nil) == refreshes)
            #expect(tokens.scope?.contains("offline_access") == refreshes)
            #expect((tokens.claims["auth_time"] != nil) == tellsTime)
            // With a session the page comes only with `login`.
            _ = try await op.signIn(browser, [("prompt", prompt)])
            #expect(browser.trail.contains { $0.hasPrefix("/sign-in") } == tellsTime)
        }
    }

    @Test func aSilentRequestNeedsASessionAndAnEarlierConsent() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            let silent = authorizationTarget([("prompt", "none"), ("scope", "openid profile")])
            #expect(try await browser.open(silent).parameters["error"] == "login_required")
            try await op.control(
                "POST /clients",
                ["id": "other", "secret": "s", "redirectUris": [.string(redirectURI)]]
            )
            _ = try await browser.open(authorizationTarget([("client_id", "other")]))
            let refused = try await browser.open(silent).parameters
            #expect(refused["error"] == "consent_required")
            #expect(refused["error_description"] == "requested scopes not granted")
            #expect(refused["state"] == "st4te")
            _ = try await browser.open(authorizationTarget([("scope", "openid profile")]))
            #expect(try await browser.open(silent).parameters["code"] != nil)
            let wider = authorizationTarget([("prompt", "none"), ("scope", "openid profile email")])
            #expect(try await browser.open(wider).parameters["error"] == "consent_required")
        }
    }

    @Test(arguments: [
        ("prompt", "select_account", "invalid_request"), ("prompt", "none login", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"), ("code_challenge", "short", "invalid_request"),
        ("request", "x.y.z", "request_not_supported"), ("resource", "https://api.example.com", "invalid_target"),
        ("response_mode", "web_message", "invalid_request"), ("max_age", "soon", "invalid_request"),
    ])
    func whatCannotBeIsToldToTheApplication(_ name: String, _ value: String, _ error: String) async throws {
        try await withStandIn { op in
            let parameters = try await Browser(op).open(authorizationTarget([(name, value)])).parameters
            #expect(parameters["error"] == error)
            #expect(parameters["state"] == "st4te")
            #expect(parameters["iss"] == op.issuer)
        }
    }

    @Test(arguments: [
        ("token", "unsupported_response_type"), ("code id_token", "invalid_request"), ("none", "invalid_request"),
    ])
    func anotherResponseTypeIsRefusedInTheFragment(_ type: String, _ error: String) async throws {
        try await withStandIn { op in
            let answer = try await Browser(op).get(authorizationTarget([("response_type", type)]))
            #expect(answer.location.hasPrefix(redirectURI + "#error=\(error)"))
        }
    }

    @Test(arguments: [
        ("client_id", nil, "invalid_request"), ("client_id", "nobody", "invalid_client"),
        ("redirect_uri", nil, "invalid_request"),
        ("redirect_uri", "http://127.0.0.1:8080/callback?x=1", "invalid_redirect_uri"),
        ("redirect_uri", "http://127.0.0.1:8081/callback", "invalid_redirect_uri"),
    ])
    func withoutClientAndRedirectURINobodyIsSentAnywhere(
        _ name: String,
        _ value: String?,
        _ error: String
    ) async throws {
        try await withStandIn { op in
            let answer = try await Browser(op).get(authorizationTarget([(name, value)]))
            #expect(answer.status == 400)
            #expect(answer.error == error)
            #expect(answer.json["state"] == "st4te")
            #expect(answer.json["iss"]?.stringValue == op.issuer)
            #expect(answer.json["code"]?.stringValue == "oidc." + error)
        }
    }

    @Test func aRepeatedParameterIsRefusedAndDropped() async throws {
        try await withStandIn { op in
            let parameters = try await Browser(op).open(authorizationTarget() + "&state=other").parameters
            #expect(parameters["error_description"] == "'state' parameter must not be provided twice")
            #expect(parameters["state"] == nil)
            let twice = authorizationTarget() + "&resource=urn:logto:resource:organizations"
            #expect(
                try await Browser(op).open(twice + "&resource=urn:logto:resource:organizations").parameters["code"]
                    != nil
            )
        }
    }

    @Test func answersComeByFragmentAndByForm() async throws {
        try await withStandIn { op in
            let fragment = Browser(op)
            _ = try await fragment.open(authorizationTarget([("response_mode", "fragment")]))
            #expect(fragment.trail.last?.hasPrefix(redirectURI + "#code=") == true)
            let end = try await Browser(op).open(authorizationTarget([("response_mode", "form_post")]))
            guard case .page(_, let page) = end else { return #expect(Bool(false), "a page was expected") }
            #expect(page.text.contains(#"<form method="post" action="\#(redirectURI)">"#))
            #expect(page.text.contains(#"name="state" value="st4te""#))
        }
    }

    @Test func aPublicClientMustUsePKCEAndAConfidentialOneNeedNot() async throws {
        try await withStandIn { op in
            let without: [(String, String?)] = [("code_challenge", nil), ("code_challenge_method", nil)]
            let code = try await Browser(op).open(authorizationTarget(without)).parameters["code"]
            #expect(try await op.exchange(code, verifier: nil).status == 200)
            try await op.control(
                "POST /clients",
                ["id": "spa", "type": "spa", "redirectUris": [.string(redirectURI)]]
            )
            let refused = try await Browser(op).open(authorizationTarget(without + [("client_id", "spa")])).parameters
            #expect(
                refused["error_description"] == "Authorization Server policy requires PKCE to be used for this request"
            )
        }
    }

    @Test func registeredWildcardsMatchInHostAndPath() async throws {
        try await withStandIn { op in
            try await op.control(
                "POST /clients",
                [
                    "id": "wild", "secret": "s",
                    "redirectUris": ["https://*.apps.example.com/cb/*", "HTTPS://Example.com:443"],
                ]
            )
            for (uri, status) in [
                ("https://one.apps.example.com/cb/x", 303), ("https://example.com/", 303),
                ("https://apps.example.com/cb/x", 400), ("https://a.b.apps.example.com/cb/x", 400),
                ("https://one.apps.example.com/cb/x?y", 400), ("http://one.apps.example.com/cb/x", 400),
            ] {
                let changes: [(String, String?)] = [("client_id", "wild"), ("redirect_uri", uri)]
                #expect(try await Browser(op).get(authorizationTarget(changes)).status == status, "\(uri)")
            }
        }
    }

    @Test func resumingWithoutItsCookieIsALostSession() async throws {
        try await withStandIn { op in
            let answer = try await Browser(op).get("/oidc/auth/abc")
            #expect(answer.status == 400)
            #expect(answer.json["code"] == "session.not_found")
            #expect(answer.error == "invalid_request")
        }
    }

    @Test func aHintAtSomebodyElseIsRefusedSilently() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            let alice = try await op.signIn(browser)
            try await op.control("POST /knobs", ["auto": "bob"])
            let bob = try await op.signIn(Browser(op))
            let changes: [(String, String?)] = [("prompt", "none"), ("scope", "openid")]
            let own = try await browser.open(authorizationTarget(changes + [("id_token_hint", alice.id)]))
            #expect(own.parameters["code"] != nil)
            let other = try await browser.open(authorizationTarget(changes + [("id_token_hint", bob.id)]))
            #expect(other.parameters["error"] == "login_required")
            #expect(
                other.parameters["error_description"] == "id_token_hint and authenticated subject do not match"
            )
        }
    }

    @Test func anotherUserEndsTheFirstOnesSessionOnTheWay() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            let alice = try await op.signIn(browser)
            try await op.control("POST /knobs", ["auto": "bob"])
            let end = try await browser.open(authorizationTarget([("prompt", "login consent")]))
            guard case .page(_, let page) = end else { return #expect(Bool(false), "a page was expected") }
            let xsrf = try #require(page.text.split(separator: "value=\"").dropFirst().first?.prefix { $0 != "\"" })
            let confirmed = try await browser.post(
                "/oidc/session/end/confirm",
                [("xsrf", String(xsrf)), ("logout", "yes")]
            )
            let code = try await browser.follow(confirmed, from: "").parameters["code"]
            let bob = Tokens(try await op.exchange(code).json)
            #expect(alice.claims["sub"] == "alice0000001")
            #expect(bob.claims["sub"] == "bob000000001")
        }
    }
}
