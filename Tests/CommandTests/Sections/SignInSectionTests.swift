import Command
import Gateway
import OpenIDConnect
import Testing

struct SignInSectionTests {
    @Test func everythingIsRead() throws {
        let sample = Sample().with(
            "sign_in",
            "first_screen = \"identifier:sign_in\"",
            "identifier = [\"email\", \"phone\"]",
            "direct_sign_in = \"social:wechat\"",
            "login_hint = \"a@b.c\"",
            "organization_id = \"org_1\"",
            "ui_locales = [\"ja\", \"en\"]",
            "timeout = \"5m\""
        )
        let signIn = try #require(sample.reading().configuration?.signIn)
        #expect(signIn.options.parameters.firstScreen == .identifierSignIn)
        #expect(signIn.options.parameters.identifiers == [.email, .phone])
        #expect(signIn.options.parameters.directSignIn?.text == "social:wechat")
        #expect(signIn.options.parameters.loginHint == "a@b.c")
        #expect(signIn.options.parameters.organizationID == "org_1")
        #expect(signIn.options.parameters.uiLocales == ["ja", "en"])
        #expect(signIn.timeout == .seconds(300))
        #expect(sample.warnings().isEmpty)
    }

    @Test(arguments: [
        ("first_screen", "\"identifier:sign-in\"", "did you mean \"identifier:sign_in\"?"),
        ("first_screen", "\"signUp\"", nil), ("first_screen", "\"sign_in \"", "did you mean \"sign_in\"?"),
        ("interaction_mode", "\"register\"", nil), ("interaction_mode", "\"signup\"", "did you mean \"signUp\"?"),
        ("identifier", "[\"email\", \"phones\"]", "did you mean \"phone\"?"),
        ("direct_sign_in", "\"wechat\"", nil), ("direct_sign_in", "\"social:\"", nil),
        ("direct_sign_in", "\"sso:a:b\"", nil),
        ("direct_sign_in", "\"Social:x\"", nil), ("organization_id", "\"a b\"", nil),
        ("ui_locales", "[\"ja_JP\"]", nil),
    ])
    func oneWrongValueWouldMakeLogtoDropAll(_ key: String, _ value: String, _ hint: String?) {
        let problems = Sample().with("sign_in", "\(key) = \(value)").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("sign_in.\(key): found \"") == true)
        #expect(problems.first?.contains(" (on a wrong one Logto drops all of these parameters)") == true)
        if let hint { #expect(problems.first?.hasSuffix("; \(hint)") == true, "\(problems)") }
    }

    @Test func theAllowedValuesAreNamed() {
        let problems = Sample().with("sign_in", "interaction_mode = \"x\"", "direct_sign_in = \"x\"").problems()
        #expect(problems.count == 2)
        #expect(problems.contains { $0.contains("allowed \"signIn\", \"signUp\" (on") })
        #expect(problems.contains { $0.contains("allowed social:<target> or sso:<connector id> (on") })
    }

    @Test func emptyValuesAreNotSet() {
        let sample = Sample().with(
            "sign_in",
            "first_screen = \"\"",
            "identifier = []",
            "direct_sign_in = \"\"",
            "login_hint = \"\"",
            "organization_id = \"\"",
            "ui_locales = []",
            "interaction_mode = \"\""
        )
        #expect(sample.reading().configuration?.signIn.options.parameters == SignInParameters())
    }

    @Test func oneTimeTokensAreNoSetting() {
        #expect(Sample().with("sign_in", "one_time_token = \"x\"").problems().count == 1)
    }

    @Test func theTargetOfXIsNotTwitter() {
        #expect(
            Sample().with("sign_in", "direct_sign_in = \"social:twitter\"").warnings() == [
                "sign_in.direct_sign_in: Logto's target for X is \"x\"; did you mean \"social:x\"?"
            ]
        )
    }

    @Test func parametersThatLogtoIgnoresAreWarnedOf() {
        #expect(Sample().with("sign_in", "identifier = [\"email\"]").warnings().count == 1)
        #expect(
            Sample().with("sign_in", "first_screen = \"register\"", "interaction_mode = \"signUp\"").warnings().count
                == 1
        )
        #expect(
            Sample().with("sign_in", "first_screen = \"reset_password\"", "identifier = [\"email\"]").warnings().isEmpty
        )
    }
}
