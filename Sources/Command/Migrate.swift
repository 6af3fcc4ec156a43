package import ArgumentParser

/// Turns the configuration of another gateway into ours.
package struct Migrate: ParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Turn another gateway's configuration into ours.",
        subcommands: [MigrateOAuth2Proxy.self]
    )

    package init() {}
}

/// `gatehouse migrate oauth2-proxy FILE`.
package struct MigrateOAuth2Proxy: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "oauth2-proxy",
        abstract: "Print an oauth2-proxy configuration as ours, with a note for all that has no equivalent.",
        discussion: "Notes go to standard error and stand in the output as comments. Secrets are copied as they are."
    )

    @Argument(help: ArgumentHelp("Its configuration file, as --config takes it.", valueName: "file"))
    package var file: String

    package init() {}

    package func run() throws {
        let document: TOMLDocument
        do {
            document = try TOMLDocument(TextFile.bytes(of: self.file))
        } catch let error as TOMLError {
            throw ValidationError("\(self.file):\(error.line): this is not TOML: \(error.message)")
        } catch let error as TextFile.Failure {
            throw ValidationError("\(self.file): this file \(error.rawValue)")
        }
        let migration = OAuth2ProxyMigration(document.members)
        for note in migration.notes { Surroundings.complain("\(self.file): \(note)") }
        print(migration.text, terminator: "")
    }
}
