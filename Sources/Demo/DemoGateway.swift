import Access
import Cryptography
import Gateway
import Logging
import LogtoStandIn
import OpenIDConnect

/// The gateway of the demo: in front of the application, with the stand-in as its provider.
enum DemoGateway {
    /// Serves until SIGINT or SIGTERM.
    static func serve(_ addresses: DemoAddresses, issuer: String) async throws {
        try await Gateway.serve(try configuration(addresses, issuer: issuer))
    }

    /// What `config.example.toml` would say: the start page for everyone, the account page for those who are signed in.
    private static func configuration(_ addresses: DemoAddresses, issuer: String) throws -> Configuration {
        let authority = try Authority("127.0.0.1:\(addresses.gatewayPort)", scheme: .http)
        let client = Client(
            id: StandIn.clientID,
            secret: Secret(StandIn.clientSecret),
            authentication: .basic,
            scopes: Client.defaultScopes
        )
        var configuration = Configuration(
            server: Configuration.Server(
                listen: Configuration.ListenAddress(host: "127.0.0.1", port: addresses.gatewayPort),
                publicURL: Configuration.PublicURL(scheme: .http, authority: authority)
            ),
            provider: Configuration.ProviderSettings(issuer: issuer, client: client),
            routes: [
                try Route(
                    name: "open",
                    authority: authority,
                    path: "/",
                    upstream: 0,
                    policy: Policy(access: .optional)
                ),
                try Route(
                    name: "account",
                    authority: authority,
                    path: "/account",
                    upstream: 0,
                    policy: Policy(access: .signedIn)
                ),
            ],
            upstreams: [UpstreamAddress(host: "127.0.0.1", port: addresses.applicationPort)]
        )
        configuration.admin.listen = Configuration.ListenAddress(host: "127.0.0.1", port: addresses.adminPort)
        // What is on the screen is for reading, not for machines.
        configuration.log.level = .warning
        configuration.log.access = false
        return configuration
    }
}
