/// Where the parts of the demo are.
struct DemoAddresses: Sendable {
    var gatewayPort = 8080
    var adminPort = 9090
    var standInPort = 3001
    var controlPort = 3002
    var applicationPort = 3000

    var gateway: String { "http://127.0.0.1:\(gatewayPort)" }

    /// What the gateway has registered at the stand-in, under either name of this machine.
    var redirectURIs: [String] {
        origins.map { $0 + "/_gatehouse/callback" }
    }

    var postLogoutRedirectURIs: [String] {
        origins.flatMap { [$0 + "/_gatehouse/signed-out", $0 + "/"] }
    }

    private var origins: [String] {
        ["http://127.0.0.1:\(gatewayPort)", "http://localhost:\(gatewayPort)"]
    }
}
