import BackChannel
import Cryptography
import Gateway
import OpenIDConnect
import Testing

struct BackChannelConfigurationProviderTests {
    @Test func whatTheOperatorHasSetIsTaken() {
        var provider = Configuration.ProviderSettings(
            issuer: "https://a.example/oidc",
            client: Client(id: "id", secret: nil)
        )
        provider.caFile = "/a.pem"
        provider.caDirectory = "/a"
        provider.timeout = .seconds(3)
        provider.maximumResponseBytes = 7
        provider.insecureHTTP = true
        let configuration = BackChannelConfiguration(provider)
        #expect(configuration.caFile == "/a.pem")
        #expect(configuration.caDirectory == "/a")
        #expect(configuration.timeout == .seconds(3))
        #expect(configuration.connectTimeout == .seconds(3))
        #expect(configuration.maximumResponseBytes == 7)
        #expect(configuration.allowPlainHTTP)
    }

    @Test func connectingTakesFiveSecondsAtMost() {
        let provider = Configuration.ProviderSettings(
            issuer: "https://a.example/oidc",
            client: Client(id: "id", secret: nil)
        )
        #expect(BackChannelConfiguration(provider).connectTimeout == .seconds(5))
        #expect(!BackChannelConfiguration(provider).allowPlainHTTP)
    }
}
