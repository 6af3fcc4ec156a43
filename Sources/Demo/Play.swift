import ArgumentParser
import LogtoStandIn
import SystemPackage

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
        let settled = options
        let standIn = try await Demo.start("stand-in", port: standInPort) {
            try await StandIn.start(settled, now: Demo.now)
        }
        let application = try await Demo.start("application", port: applicationPort) {
            try await Application.start(address: "127.0.0.1", port: applicationPort, links: Application.Links())
        }
        let welcome = """

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
        try FileDescriptor.standardOutput.writeAll(Array(welcome.utf8))
        try await DemoGateway.serve(addresses, issuer: standIn.issuer)
        try await application.shutDown()
        try await standIn.shutDown()
    }
}
