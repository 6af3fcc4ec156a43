import ArgumentParser

/// `gatehouse-demo`: everything on one machine, to look at and to test against.
@main
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse-demo",
        abstract: "A stand-in for Logto, an application that knows nothing of sign-in, and Gatehouse between them.",
        subcommands: [Play.self, RunStandIn.self, RunApplication.self],
        defaultSubcommand: Play.self
    )
}
