import ArgumentParser
import FoundationEssentials
import JSON
import SystemPackage

/// `gatehouse-demo`: everything on one machine, to look at and to test against.
@main
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse-demo",
        abstract: "A stand-in for Logto, an application that knows nothing of sign-in, and Gatehouse between them.",
        subcommands: [Play.self, RunStandIn.self, RunApplication.self],
        defaultSubcommand: Play.self
    )

    /// Prints a JSON value on a line of its own, at once even when standard output is a pipe.
    static func printLine(_ value: JSON) throws {
        try FileDescriptor.standardOutput.writeAll(value.bytes + [UInt8(ascii: "\n")])
    }

    /// The wall clock in Unix seconds.
    static let now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }

    /// Starts a part, and says which port it was when it cannot start.
    static func start<Part>(_ name: String, port: Int, _ body: () async throws -> Part) async throws -> Part {
        do {
            return try await body()
        } catch {
            throw DemoError("the \(name) cannot listen on port \(port): \(error); see --help for other ports")
        }
    }
}

/// Why the demo cannot go on, in words for whoever started it.
private struct DemoError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
