import OpenIDConnect
import Testing

struct SignInOptionsTests {
    @Test func whatIsSaidLaterWinsWhereItSaysSomething() throws {
        var first = SignInOptions()
        try first.parameters.set(.directSignIn, to: "social:x")
        try first.parameters.set(.organizationID, to: "a")
        first.prompt = "consent"
        first.followsBrowserLanguage = true
        var second = SignInOptions()
        try second.parameters.set(.organizationID, to: "b")
        second.prompt = ""
        let merged = first.merging(second)
        #expect(merged.parameters.directSignIn?.text == "social:x")
        #expect(merged.parameters.organizationID == "b")
        #expect(merged.prompt == "")
        #expect(merged.followsBrowserLanguage == true)
        #expect(first.merging(SignInOptions()) == first)
    }

    @Test func aRegistrationGoesToNoConnector() throws {
        var parameters = SignInParameters()
        try parameters.set(.directSignIn, to: "social:wechat")
        try parameters.set(.interactionMode, to: "signIn")
        try parameters.set(.organizationID, to: "a")
        let items = parameters.forRegistration.queryItems
        #expect(items.map(\.0) == ["first_screen", "organization_id"])
        #expect(items.first?.1 == "register")
    }

    @Test func aRegistrationByPhoneStaysOne() throws {
        var parameters = SignInParameters()
        try parameters.set(.firstScreen, to: "identifier:sign_in")
        try parameters.set(.identifier, to: "phone")
        #expect(parameters.forRegistration.firstScreen == .identifierRegister)
        #expect(parameters.forRegistration.identifiers == [.phone])
    }
}
