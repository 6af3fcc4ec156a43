import JSON
import LogtoStandIn
import Testing

@Suite struct EndSessionTests {
    /// Opens the end-session page and confirms it as its script would.
    private func signOut(
        _ browser: Browser,
        _ fields: [(String, String?)],
        confirm: [(String, String)] = [("logout", "yes")]
    ) async throws -> Answer {
        let present = fields.compactMap { field in field.1.map { (field.0, $0) } }
        let page = try await browser.get("/oidc/session/end?" + encoded(present))
        guard page.status == 200 else { return page }
        let xsrf = page.text.split(separator: "name=\"xsrf\" value=\"").dropFirst().first?.prefix { $0 != "\"" }
        return try await browser.post("/oidc/session/end/confirm", [("xsrf", String(xsrf ?? ""))] + confirm)
    }

    private let back: [(String, String?)] = [("post_logout_redirect_uri", signedOutURI), ("state", "bye")]
    private let us: [(String, String?)] = [("client_id", StandIn.clientID)]

    @Test func withClientAndURITheBrowserComesBack() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            _ = try await op.signIn(browser)
            let answer = try await signOut(browser, us + back)
            #expect(answer.status == 303)
            #expect(answer.location == signedOutURI + "?state=bye")
            #expect(!browser.cookieNames.contains("_session"))
            _ = try await op.signIn(browser)
            #expect(browser.trail.contains { $0.hasPrefix("/sign-in") })
        }
    }

    @Test func anExpiredHintWillDoAndAClientTooWithoutASession() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            let tokens = try await op.signIn(browser)
            try await op.control("POST /clock", ["advanceS": 7200])
            #expect(
                try await signOut(browser, [("id_token_hint", tokens.id)] + back).location == signedOutURI
                    + "?state=bye"
            )
            #expect(try await signOut(Browser(op), us + back).location == signedOutURI + "?state=bye")
        }
    }

    @Test func withoutClientAndHintTheURIIsForgotten() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            _ = try await op.signIn(browser)
            let answer = try await signOut(browser, back)
            #expect(answer.location == "\(op.issuer)/session/end/success")
            #expect(
                try await browser.get("/oidc/session/end/success").text.contains("You have successfully signed out.")
            )
        }
    }

    @Test(arguments: [
        (
            [("client_id", StandIn.clientID), ("post_logout_redirect_uri", "https://evil.example/")],
            "post_logout_redirect_uri not registered"
        ),
        ([("id_token_hint", "nonsense")], "could not decode id_token_hint"),
        ([("client_id", "nobody")], "client is invalid"),
    ])
    func whatIsWrongStrandsTheUserOnAnErrorPage(_ fields: [(String, String)], _ detail: String) async throws {
        try await withStandIn { op in
            let answer = try await signOut(Browser(op), fields.map { ($0.0, $0.1) })
            #expect(answer.status == 400)
            #expect(answer.json["error_description"]?.stringValue == detail)
        }
    }

    @Test func aHintForAnotherClientIsRefused() async throws {
        try await withStandIn { op in
            try await op.control("POST /clients", ["id": "other", "secret": "s"])
            let tokens = try await op.signIn(Browser(op))
            let answer = try await signOut(Browser(op), [("client_id", "other"), ("id_token_hint", tokens.id)])
            #expect(
                answer.json["error_description"] == "client_id does not match the provided id_token_hint"
            )
        }
    }

    @Test func theConfirmationNeedsItsSecret() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            _ = try await op.signIn(browser)
            _ = try await browser.get("/oidc/session/end")
            let answer = try await browser.post("/oidc/session/end/confirm", [("xsrf", "wrong"), ("logout", "yes")])
            #expect(answer.status == 400)
            #expect(answer.error == "invalid_request")
        }
    }

    @Test func offlineTokensSurviveAndSessionBoundOnesDie() async throws {
        try await withStandIn { op in
            let offline = Browser(op)
            let kept = try await op.signIn(offline)
            _ = try await signOut(offline, us)
            #expect(try await op.me(kept.access).status == 200)
            #expect(try await op.refresh(kept.refresh).status == 200)
            let bound = Browser(op)
            let lost = try await op.signIn(bound, [("prompt", nil)])
            #expect(try await op.me(lost.access).status == 200)
            _ = try await signOut(bound, us)
            #expect(try await op.me(lost.access).status == 401)
        }
    }

    @Test func withoutLogoutOnlyTheClientLeaves() async throws {
        try await withStandIn { op in
            let browser = Browser(op)
            _ = try await op.signIn(browser)
            let answer = try await signOut(browser, us, confirm: [])
            #expect(answer.location == "\(op.issuer)/session/end/success?client_id=\(StandIn.clientID)")
            _ = try await op.signIn(browser)
            #expect(!browser.trail.contains { $0.hasPrefix("/sign-in") })
        }
    }

    @Test func theSessionIDStaysWithTheUserAndIsInTheLogoutToken() async throws {
        try await withStandIn { op in
            try await op.control(
                "POST /clients",
                [
                    "id": .string(StandIn.clientID), "backchannelLogoutUri": "http://127.0.0.1:1/logout",
                    "backchannelLogoutSessionRequired": true,
                ]
            )
            let browser = Browser(op)
            let first = try await op.signIn(browser)
            let second = try await op.signIn(browser, [("prompt", "login consent")])
            #expect(first.claims["sid"]?.stringValue?.isEmpty == false)
            #expect(first.claims["sid"] == second.claims["sid"])
            _ = try await signOut(browser, us)
            let event = try await op.control("GET /events?event=backchannel_logout").arrayValue?.first
            let keys = try await Wire.send("GET", "/oidc/jwks", port: op.port).json
            #expect(try isSigned(event?["logout_token"]?.stringValue, by: keys))
            let logout = Tokens(["id_token": event?["logout_token"] ?? .null])
            #expect(logout.header["typ"] == "logout+jwt")
            #expect(logout.claims["sid"] == first.claims["sid"])
            #expect(try await op.signIn(browser).claims["sid"] != first.claims["sid"])
        }
    }
}
