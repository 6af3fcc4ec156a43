package import ArgumentParser
import Cryptography
package import Gateway

/// `gatehouse`, as it is called from a shell or a service manager.
///
/// Exit codes are those of sysexits.h: 64 for arguments we do not understand, 78 for a configuration with problems.
@main
package struct Gatehouse: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "gatehouse",
        abstract: "Signs people in with OpenID Connect in front of applications that know nothing of it.",
        subcommands: [
            Serve.self, Check.self, Emit.self, Explain.self, Doctor.self, Migrate.self, Key.self, Ready.self,
            SessionsCommand.self, Version.self,
        ]
    )

    package init() {}

    package func run() throws {
        // Without a subcommand nothing has been served: a service manager must not take that for success.
        throw ValidationError(
            "Name a command: serve, check, emit, explain, doctor, migrate, key, ready, sessions or version."
        )
    }
}

/// What `serve` and `check` have in common.
package struct ConfigurationOption: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The configuration, see config.example.toml.", valueName: "file"))
    package var config: String

    package init() {}

    /// The configuration, when it has no problem. Everything that is to be said about it goes to standard error.
    ///
    /// - Throws: the exit code, when there is a problem.
    package func read() throws -> Configuration {
        let reading = ConfigurationFile.read(path: self.config, environment: Surroundings.environment)
        for warning in reading.warnings { Surroundings.complain(warning.warning) }
        for problem in reading.problems { Surroundings.complain(problem.description) }
        guard let configuration = reading.configuration else { throw ExitCode(Self.badConfiguration) }
        return configuration
    }

    /// `EX_CONFIG`.
    private static let badConfiguration: Int32 = 78
}

/// Runs the gateway until it is told to end.
package struct Serve: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Serve until SIGTERM or SIGINT.")

    @OptionGroup package var option: ConfigurationOption

    package init() {}

    package func run() async throws {
        var configuration = try self.option.read()
        configuration.server.inheritedSockets = InheritedSockets.read(
            Surroundings.environment,
            processID: Surroundings.processID
        )
        try await Gateway.serve(configuration, source: ConfigurationSource(file: self.option.config))
    }
}

/// For the deployment pipeline.
package struct Check: ParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Say everything that is wrong with a configuration.",
        discussion:
            "Reads it as serve does, with the environment and the files it names. Nothing is served or connected."
    )

    @OptionGroup package var option: ConfigurationOption

    package init() {}

    package func run() throws {
        _ = try self.option.read()
        print("\(self.option.config): no problems")
    }
}

/// For `session.keys`.
package struct Key: ParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Print a new sealing key, for session.keys.")

    package init() {}

    package func run() {
        print(SealingKey.generate().text)
    }
}

/// For bug reports.
package struct Version: ParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Print the version.")

    /// As in the release's tag.
    package static let number = "0.1.0"

    package init() {}

    package func run() {
        print("gatehouse \(Self.number)")
    }
}
