import ArgumentParser
import LogtoStandIn

/// `gatehouse-demo`: stand-in, application and gateway together, and what to do with them.
struct Play: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a stand-in for Logto, a demo application, and Gatehouse in front of it."
    )

    @Option(help: "The gateway's port: the one to open in a browser.")
    var port = 8080
    @Option(help: "The port of the gateway's admin listener.")
    var adminPort = 9090
    @Option(help: "The port of the stand-in for Logto.")
    var standInPort = 3001
    @Option(help: "The port of the stand-in's control port.")
    var controlPort = 3002
    @Option(help: "The port of the demo application.")
    var applicationPort = 3000

    func run() async throws {
        let addresses = DemoAddresses(
            gatewayPort: port,
            adminPort: adminPort,
            standInPort: standInPort,
            controlPort: controlPort,
            applicationPort: applicationPort
        )
        var options = StandIn.Options()
        options.port = standInPort
        options.controlPort = controlPort
        options.redirectURIs = addresses.redirectURIs
        options.postLogoutRedirectURIs = addresses.postLogoutRedirectURIs
        let standIn = try await start("stand-in", standInPort) { try await StandIn.start(options) }
        let application = try await start("application", applicationPort) {
            try await Application.start(address: "127.0.0.1", port: applicationPort, links: Application.Links())
        }
        let gateway = try await startGateway(addresses, issuer: standIn.issuer)
        print(
            """

            Open   \(addresses.gateway)/

            Three things to try:
              1. Open \(addresses.gateway)/account?from=demo while nobody is signed in. Sign in as Alice:
                 you come back to that very address, and the application knows her name from a header.
              2. Sign out, and sign in as 王小明 or with WeChat: no e-mail address, and everything still works.
              3. Pretend:  curl -H 'X-Forwarded-User: root' \(addresses.gateway)/headers
                 The application never hears of it.

            The stand-in for Logto is at \(standIn.issuer),
            its control port at http://127.0.0.1:\(standIn.controlPort)/.
            Control-C ends it all.
            """
        )
        await waitForEnd(or: gateway)
        await gateway.stop()
        try await application.shutDown()
        try await standIn.shutDown()
    }

    /// Says which port it was when something cannot start.
    private func start<Part>(_ name: String, _ port: Int, _ body: () async throws -> Part) async throws -> Part {
        do {
            return try await body()
        } catch {
            throw ValidationError("The \(name) cannot listen on port \(port): \(error). See --help for other ports.")
        }
    }
}
