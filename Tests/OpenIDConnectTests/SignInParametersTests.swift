import OpenIDConnect
import Testing

struct SignInParametersTests {
    private func items(_ parameters: SignInParameters) -> [String] {
        parameters.queryItems.map { $0.0 + "=" + $0.1 }
    }

    private func set(_ name: SignInParameters.Name, _ text: String) throws -> [String] {
        var parameters = SignInParameters()
        try parameters.set(name, to: text)
        return items(parameters)
    }

    @Test func nothingSetSendsNothing() {
        #expect(SignInParameters().queryItems.isEmpty)
    }

    @Test(
        arguments: [
            (.firstScreen, "sign_in"), (.firstScreen, "register"), (.firstScreen, "reset_password"),
            (.firstScreen, "identifier:sign_in"), (.firstScreen, "identifier:register"),
            (.firstScreen, "single_sign_on"),
            (.interactionMode, "signIn"), (.interactionMode, "signUp"), (.identifier, "username"),
            (.identifier, "email phone"),
            (.directSignIn, "social:wechat"), (.directSignIn, "social:alipay"), (.directSignIn, "social:x"),
            (.directSignIn, "sso:abc123"), (.loginHint, "a@b.c"), (.loginHint, "+86 138 0000"),
            (.organizationID, "org_1"),
            (.uiLocales, "ja"), (.uiLocales, "zh-Hant-TW en pt-BR"), (.oneTimeToken, "Ab9-_x"),
        ] as [(SignInParameters.Name, String)]
    )
    func whatLogtoKnowsIsSent(name: SignInParameters.Name, text: String) throws {
        #expect(try set(name, text) == [name.rawValue + "=" + text])
    }

    @Test(
        arguments: [
            // Typing errors that make Logto drop every parameter (its documentation has had some of them).
            (.firstScreen, "identifier:sign-in"), (.firstScreen, "identifier:sign_up"), (.firstScreen, "signUp"),
            (.firstScreen, "Register"), (.firstScreen, "register "), (.firstScreen, "sign_in\0"),
            (.firstScreen, "bogus"),
            (.interactionMode, "register"), (.interactionMode, "signup"), (.interactionMode, "sign_in"),
            (.identifier, "mail"), (.identifier, "email,phone"), (.identifier, "email sms"), (.identifier, "Email"),
            (.directSignIn, "wechat"), (.directSignIn, "social:"), (.directSignIn, "social"),
            (.directSignIn, ":wechat"),
            (.directSignIn, "Social:wechat"), (.directSignIn, "saml:x"), (.directSignIn, "social:wechat:native"),
            (.directSignIn, "social:we chat"), (.directSignIn, "social:a/b"), (.directSignIn, "social: x"),
            (.loginHint, "a\r\nb"), (.loginHint, "a\0"), (.loginHint, String(repeating: "a", count: 257)),
            (.organizationID, "org 1"), (.organizationID, "a&b"), (.organizationID, "é"), (.organizationID, "a\n"),
            (.uiLocales, "ja_JP"), (.uiLocales, "-ja"), (.uiLocales, "ja-"), (.uiLocales, "1a"), (.uiLocales, "en,ja"),
            (.uiLocales, "abcdefghi"), (.uiLocales, "日本"), (.oneTimeToken, "a b"), (.oneTimeToken, "a%00"),
        ] as [(SignInParameters.Name, String)]
    )
    func aWrongValueIsRefusedWithWhatIsAllowed(name: SignInParameters.Name, text: String) {
        var parameters = SignInParameters()
        let error = #expect(throws: OpenIDConnectError.self) { try parameters.set(name, to: text) }
        guard case .signInParameter(let found, _, let allowed) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(found == name.rawValue)
        #expect(allowed == name.allowed && !allowed.isEmpty)
        #expect(parameters == SignInParameters())
    }

    @Test func listsOfTheConfigurationAreTaken() throws {
        var parameters = SignInParameters()
        try parameters.set(.identifier, to: ["email", "phone", "email"])
        try parameters.set(.uiLocales, to: ["ja", "en"])
        try parameters.set(.firstScreen, to: ["register"])
        #expect(items(parameters) == ["first_screen=register", "identifier=email phone", "ui_locales=ja en"])
        #expect(parameters.identifiers == [.email, .phone])
        #expect(throws: OpenIDConnectError.self) { try parameters.set(.firstScreen, to: ["register", "sign_in"]) }
        #expect(throws: OpenIDConnectError.self) { try parameters.set(.uiLocales, to: ["ja en"]) }
        #expect(throws: OpenIDConnectError.self) { try parameters.set(.uiLocales, to: [""]) }
        #expect(throws: OpenIDConnectError.self) { try parameters.set(.identifier, to: [""]) }
        try parameters.set(.identifier, to: [String]())
        #expect(parameters.identifiers.isEmpty)
    }

    @Test(arguments: SignInParameters.Name.allCases)
    func emptyTextRemovesAParameter(name: SignInParameters.Name) throws {
        #expect(try set(name, "").isEmpty)
    }

    @Test func theMoreParticularWins() throws {
        var site = SignInParameters()
        try site.set(.firstScreen, to: "sign_in")
        try site.set(.uiLocales, to: "en")
        try site.set(.organizationID, to: "org_1")
        var route = SignInParameters()
        try route.set(.firstScreen, to: "register")
        try route.set(.uiLocales, to: "ja")
        #expect(items(site.merging(route)) == ["first_screen=register", "organization_id=org_1", "ui_locales=ja"])
        #expect(site.merging(SignInParameters()) == site)
        #expect(SignInParameters().merging(site) == site)
    }

    @Test func theAllowedValuesArePrinted() {
        #expect(SignInParameters.InteractionMode.allowed == ["signIn", "signUp"])
        #expect(SignInParameters.Identifier.allowed == ["username", "email", "phone"])
        #expect(SignInParameters.FirstScreen.allowed.count == 6)
        #expect(SignInParameters.DirectSignIn.allowed == ["social:<target>", "sso:<connector id>"])
    }
}
