import ArgumentParser
import JSON

/// `gatehouse-demo application`: the demo's application alone. When it is ready it prints one line of JSON.
struct RunApplication: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "application",
        abstract: "Run only the application that reads who is signed in from headers."
    )

    @Option(help: "The address it listens on.")
    var address = "127.0.0.1"
    @Option(help: "The port it listens on; 0 takes a free one.")
    var port = 3000
    @Option(help: "Where its \"sign in\" link leads.")
    var signIn = "/_gatehouse/sign-in"
    @Option(help: "Where its \"sign out\" link leads.")
    var signOut = "/_gatehouse/sign-out"

    func run() async throws {
        let links = Application.Links(signIn: signIn, signOut: signOut)
        let application = try await Demo.start("application", port: port) {
            try await Application.start(address: address, port: port, links: links)
        }
        try Demo.printLine(["port": .number(JSONNumber(application.port))])
        try await application.waitUntilClosed()
    }
}
