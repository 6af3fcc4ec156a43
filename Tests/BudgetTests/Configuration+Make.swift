import Access
import Cryptography
import Gateway
import OpenIDConnect
import TestSupport

extension Configuration {
    /// A gateway for app.example.com in front of one application.
    static func make(upstream: UpstreamAddress = UpstreamAddress(host: "127.0.0.1", port: 9)) throws -> Configuration {
        let authority = try Authority("app.example.com", scheme: .https)
        var configuration = Configuration(
            server: Server(
                listen: ListenAddress(host: "127.0.0.1", port: 0),
                publicURL: PublicURL(scheme: .https, authority: authority)
            ),
            provider: ProviderSettings(
                issuer: "https://auth.example.com/oidc",
                client: Client(id: "app", secret: Secret("not a secret"))
            ),
            routes: try [.make("/", access: .anyone), .make("/private")],
            upstreams: [upstream]
        )
        configuration.session.keys = [SealingKey.generate()]
        return configuration
    }
}
