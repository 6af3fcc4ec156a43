import LogtoStandIn
import Testing

@Suite struct FirstScreenTests {
    @Test(
        arguments: [
            ([], "/sign-in?app_id={app}"),
            ([("interaction_mode", "signUp")], "/register?app_id={app}"),
            ([("first_screen", "register")], "/register?app_id={app}"),
            ([("first_screen", "signIn"), ("interaction_mode", "signUp")], "/sign-in?app_id={app}"),
            ([("first_screen", "reset_password")], "/reset-password?app_id={app}"),
            ([("first_screen", "single_sign_on")], "/single-sign-on?app_id={app}"),
            (
                [("first_screen", "identifier:sign_in"), ("identifier", "email phone")],
                "/identifier-sign-in?app_id={app}&identifier=email+phone"
            ),
            ([("direct_sign_in", "sso:abc123")], "/direct/sso/abc123?app_id={app}&fallback=sign-in"),
            (
                [("one_time_token", "ott"), ("login_hint", "a@b.c")],
                "/sign-in?app_id={app}&one_time_token=ott&login_hint=a%40b.c"
            ),
            ([("google_one_tap_credential", "x")], "/direct/social/google?app_id={app}&fallback=sign-in"),
            (
                [
                    ("first_screen", "identifier:register"), ("identifier", "email phone"), ("login_hint", "a@b.c"),
                    ("direct_sign_in", "social:wechat:more"), ("ui_locales", "ja"), ("organization_id", "org_1"),
                ],
                "/direct/social/wechat?app_id={app}&organization_id=org_1&ui_locales=ja&login_hint=a%40b.c"
                    + "&identifier=email+phone&fallback=identifier-register"
            ),
            // One wrong value, and every extra is gone.
            ([("first_screen", "bogus"), ("direct_sign_in", "social:x")], "/sign-in?app_id={app}"),
            ([("first_screen", "identifier:sign-in"), ("login_hint", "a")], "/sign-in?app_id={app}"),
            ([("interaction_mode", "register"), ("organization_id", "org_1")], "/sign-in?app_id={app}"),
        ] as [([(String, String)], String)]
    )
    func extrasChooseThePage(_ extras: [(String, String)], _ expected: String) async throws {
        try await withStandIn { op in
            let target = authorizationTarget(extras.map { ($0.0, $0.1) })
            let answer = try await Browser(op).get(target)
            let parts = expected.split(separator: "{app}", omittingEmptySubsequences: false)
            #expect(answer.location == parts.joined(separator: StandIn.clientID))
        }
    }
}
