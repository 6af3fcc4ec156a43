import Cryptography
import OpenIDConnect
import Testing

struct ClientTests {
    @Test func openidIsAlwaysAmongTheScopesAndNoneIsRepeated() {
        #expect(Client(id: "a", secret: nil, scopes: []).scopes == ["openid"])
        #expect(Client(id: "a", secret: nil, scopes: ["email", "openid", "email"]).scopes == ["openid", "email"])
        #expect(Client(id: "a", secret: nil).scopes == ["openid", "offline_access", "profile", "email", "roles"])
    }

    @Test func aClientWithoutSecretIsPublic() {
        #expect(Client(id: "a", secret: nil, authentication: .basic).authentication == .none)
        #expect(Client(id: "a", secret: Secret("b"), authentication: .post).authentication == .post)
        #expect(Client(id: "a", secret: Secret("b")).authentication == .basic)
    }

    @Test func theMethodsHaveTheNamesOfTheRegistry() {
        #expect(ClientAuthentication.allCases.map(\.rawValue) == ["client_secret_basic", "client_secret_post", "none"])
    }

    @Test func aScopeIsPrintableASCII() {
        #expect(Client.isScope("urn:logto:scope:organizations"))
        #expect(Client.isScope("read:data!#$"))
        for text in ["", "a b", "a\"b", "a\\b", "a\nb", "ä", "a\u{7F}"] { #expect(!Client.isScope(text)) }
    }

    @Test func theSecretDoesNotPrint() {
        var text = ""
        dump(Client(id: "a", secret: Secret("hunter2")), to: &text)
        #expect(!text.contains("hunter2"))
    }
}
