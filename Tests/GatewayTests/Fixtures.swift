import Access
import Cryptography
import Gateway
import OpenIDConnect
import TestSupport

extension Configuration {
    /// A gateway for app.example.com: `/` for whoever comes, `/private` for who is signed in; `/open` asks nobody.
    static func make(
        routes: [Route]? = nil,
        upstream: UpstreamAddress = UpstreamAddress(host: "127.0.0.1", port: 9),
        issuer: String = "https://auth.example.com/oidc"
    ) throws -> Configuration {
        let authority = try Authority("app.example.com", scheme: .https)
        var configuration = Configuration(
            server: Server(
                listen: ListenAddress(host: "127.0.0.1", port: 0),
                publicURL: PublicURL(scheme: .https, authority: authority)
            ),
            provider: ProviderSettings(issuer: issuer, client: Client(id: "app", secret: Secret("not a secret"))),
            routes: try routes ?? [.make("/", access: .optional), .make("/private"), .make("/open", access: .anyone)],
            upstreams: [upstream]
        )
        configuration.session.keys = [SealingKey.generate()]
        configuration.log.access = false
        return configuration
    }
}

func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
}
