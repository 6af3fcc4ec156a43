import JSON
import LogtoStandIn
import Testing

@Suite struct ExperienceTests {
    /// Opens the sign-in page and returns its path, its text and the interaction it belongs to.
    private func page(_ browser: Browser, _ changes: [(String, String?)] = []) async throws -> (
        path: String, text: String, uid: String
    ) {
        guard case .page(let target, let answer) = try await browser.open(authorizationTarget(changes)) else {
            Issue.record("a page was expected")
            return ("", "", "")
        }
        let uid = answer.text.split(separator: "name=\"uid\" value=\"").dropFirst().first?.prefix { $0 != "\"" }
        return (String(target.prefix { $0 != "?" }), answer.text, String(uid ?? ""))
    }

    private func submit(
        _ browser: Browser,
        _ page: (path: String, text: String, uid: String),
        _ fields: [(String, String)]
    ) async throws -> Form {
        let answer = try await browser.post(page.path, [("uid", page.uid)] + fields)
        return try await browser.follow(answer, from: page.path).parameters
    }

    @Test func apersonPicksAUser() async throws {
        try await withStandIn(auto: nil) { op in
            let browser = Browser(op)
            let page = try await page(browser)
            #expect(page.path == "/sign-in")
            #expect(page.text.contains("Alice Liddell"))
            #expect(page.text.contains("王小明"))
            #expect(page.text.contains("Continue with WeChat"))
            let parameters = try await submit(browser, page, [("user", "bob000000001")])
            let tokens = Tokens(try await op.exchange(parameters["code"]).json)
            #expect(tokens.claims["sub"] == "bob000000001")
            #expect(tokens.claims["name"] == "王小明")
            #expect(tokens.claims["email"] == .some(.null))
        }
    }

    @Test(arguments: [
        ([("user", "carol")], "username", "carol"), ([("user", "d@example.com")], "email", "d@example.com"),
        ([("phone", "+86 13900000000"), ("code", "123456")], "phone_number", "8613900000000"),
        ([("connector", "wechat")], "name", "微信用户"), ([("connector", "x")], "name", "X user"),
    ])
    func somebodyNewGetsAnAccountAndKeepsIt(
        _ fields: [(String, String)],
        _ claim: String,
        _ value: String
    ) async throws {
        try await withStandIn(auto: nil) { op in
            var subjects: [JSON?] = []
            for _ in 0..<2 {
                let browser = Browser(op)
                let scope: [(String, String?)] = [("scope", "openid profile email phone")]
                let parameters = try await submit(browser, page(browser, scope), fields)
                let tokens = Tokens(try await op.exchange(parameters["code"]).json)
                #expect(tokens.claims[claim]?.stringValue == value)
                subjects.append(tokens.claims["sub"])
            }
            #expect(subjects[0]?.stringValue?.utf8.count == 12)
            #expect(subjects[0] == subjects[1])
        }
    }

    @Test func thePageShowsWhatTheApplicationSentAndNothingOfItIsMarkup() async throws {
        try await withStandIn(auto: nil) { op in
            let page = try await page(
                Browser(op),
                [
                    ("first_screen", "identifier:sign_in"), ("identifier", "phone"), ("login_hint", "<b>\"me\""),
                    ("organization_id", "org_1"), ("ui_locales", "ja en"),
                ]
            )
            #expect(page.path == "/identifier-sign-in")
            #expect(page.text.contains(#"<html lang="ja">"#))
            #expect(page.text.contains(#"<dd id="parameter-first_screen">identifier:sign_in</dd>"#))
            #expect(page.text.contains(#"<dd id="parameter-organization_id">org_1</dd>"#))
            #expect(page.text.contains("&lt;b&gt;&quot;me&quot;"))
            #expect(!page.text.contains("<b>\"me\""))
            #expect(page.text.contains(#"name="phone""#))
            #expect(!page.text.contains(#"name="user""#))
        }
    }

    @Test func twoTabsBothArrive() async throws {
        try await withStandIn(auto: nil) { op in
            let browser = Browser(op)
            let first = try await page(browser, [("state", "one")])
            let second = try await page(browser, [("state", "two")])
            let firstEnd = try await submit(browser, first, [("user", "alice")])
            let secondEnd = try await submit(browser, second, [("user", "alice")])
            #expect(firstEnd["state"] == "one")
            #expect(firstEnd["code"] != nil)
            #expect(secondEnd["state"] == "two")
            #expect(secondEnd["code"] != nil)
        }
    }

    @Test func aRefusalReachesTheApplication() async throws {
        try await withStandIn(auto: nil) { op in
            let browser = Browser(op)
            let parameters = try await submit(browser, page(browser), [("refuse", "yes")])
            #expect(parameters["error"] == "access_denied")
            #expect(parameters["state"] == "st4te")
        }
    }

    @Test func directSignInFallsBackForATargetThatIsNone() async throws {
        try await withStandIn(auto: nil) { op in
            let browser = Browser(op)
            #expect(try await page(browser, [("direct_sign_in", "social:twitter")]).path == "/sign-in")
            let direct = try await page(browser, [("direct_sign_in", "social:alipay")])
            #expect(direct.path == "/direct/social/alipay")
            #expect(direct.text.contains(#"<dd id="parameter-direct_target">alipay</dd>"#))
            #expect(try await submit(browser, direct, [("connector", "alipay")])["code"] != nil)
        }
    }

    @Test func aThirdPartyApplicationAsksForConsent() async throws {
        try await withStandIn { op in
            try await op.control(
                "POST /clients",
                ["id": "third", "secret": "s", "thirdParty": true, "redirectUris": [.string(redirectURI)]]
            )
            let browser = Browser(op)
            let page = try await page(browser, [("client_id", "third")])
            #expect(page.path == "/consent")
            #expect(try await submit(browser, page, [("refuse", "yes")])["error"] == "access_denied")
        }
    }

    @Test func aPageWithoutInteractionLeadsToTheUnknownSession() async throws {
        try await withStandIn { op in
            let answer = try await Browser(op).get("/sign-in")
            #expect(answer.status == 302)
            #expect(answer.location.hasSuffix("/unknown-session"))
            try await op.control("POST /knobs", ["unknownSessionRedirectUrl": "https://app.example.com/sign-in"])
            #expect(try await Browser(op).get("/consent").location == "https://app.example.com/sign-in")
        }
    }

    @Test func aSuspendedUserGetsNoFurther() async throws {
        try await withStandIn { op in
            try await op.control("POST /suspend", ["user": "alice"])
            guard case .page(_, let answer) = try await Browser(op).open(authorizationTarget()) else {
                return #expect(Bool(false), "a page was expected")
            }
            #expect(answer.status == 401)
            #expect(answer.json["code"] == "user.suspended")
        }
    }
}
