package import ArgumentParser
import FoundationEssentials
import Gateway
import NIOCore
import NIOPosix

/// For health checks where there is no HTTP client, as in a container.
package struct Ready: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Ask the running gateway whether it is ready; exit code 1 if it is not.",
        discussion: "Asks /readyz on admin.listen, from the same machine or container."
    )

    @OptionGroup package var option: ConfigurationOption

    package init() {}

    package func run() async throws {
        let admin = try self.option.read().admin.listen
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let client = WireClient(
            host: admin.reachableHost,
            port: admin.port,
            tls: nil,
            serverName: "localhost",
            timeout: .seconds(3),
            group: group
        )
        let outcome = await client.send(WireRequest("/readyz", host: "localhost"))
        try? await group.shutdownGracefully()
        guard let answer = outcome.answer else {
            Surroundings.complain("nobody answers at \(admin.text)")
            throw ExitCode(1)
        }
        print(String(decoding: answer.body, as: UTF8.self))
        if answer.status != 200 { throw ExitCode(1) }
    }
}

extension Configuration.ListenAddress {
    /// The address itself, or for a wildcard the loopback address of its family.
    package var reachableHost: String {
        switch self.host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: self.host
        }
    }
}
