import ArgumentParser
import JSON
import LogtoStandIn

/// `gatehouse-demo stand-in`: the OpenID provider alone, for tests. When it is ready it prints one line of JSON.
struct RunStandIn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stand-in",
        abstract: "Run only the stand-in for Logto and its control port."
    )

    @Option(help: "The address both ports listen on.")
    var address = "127.0.0.1"
    @Option(help: "The port browsers and the gateway use; 0 takes a free one.")
    var port = 3001
    @Option(help: "The port tests use; 0 takes a free one.")
    var controlPort = 3002
    @Option(help: "The issuer, when it is not http://ADDRESS:PORT/oidc.")
    var issuer: String?
    @Option(help: "Sign this user in without a page: a username, e-mail address, phone number or subject.")
    var auto: String?
    @Option(name: .customLong("redirect-uri"), help: "A redirect URI of the first application; may be repeated.")
    var redirectURIs: [String] = []
    @Option(
        name: .customLong("post-logout-redirect-uri"),
        help: "A post sign-out redirect URI of the first application; may be repeated."
    )
    var postLogoutRedirectURIs: [String] = []

    func run() async throws {
        var options = StandIn.Options()
        options.address = address
        options.port = port
        options.controlPort = controlPort
        options.issuer = issuer
        options.automaticUser = auto
        let gateway = DemoAddresses()
        options.redirectURIs = redirectURIs.isEmpty ? gateway.redirectURIs : redirectURIs
        options.postLogoutRedirectURIs =
            postLogoutRedirectURIs.isEmpty ? gateway.postLogoutRedirectURIs : postLogoutRedirectURIs
        let settled = options
        let standIn = try await Demo.start("stand-in", port: port) { try await StandIn.start(settled, now: Demo.now) }
        try Demo.printLine([
            "issuer": .string(standIn.issuer), "port": .number(JSONNumber(standIn.port)),
            "control_port": .number(JSONNumber(standIn.controlPort)), "client_id": .string(StandIn.clientID),
            "client_secret": .string(StandIn.clientSecret),
        ])
        try await standIn.waitUntilClosed()
    }
}
