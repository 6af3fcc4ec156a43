import Access
package import ArgumentParser
import Gateway
import JSON

/// Who is signed in, and out with them: asks the running gateway through its admin listener.
package struct SessionsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "List, show or end sessions of the running gateway.",
        discussion: "Needs admin.token in the configuration, and the gateway to run with it.",
        subcommands: [ListSessions.self, ShowSession.self, RevokeSessions.self]
    )

    package init() {}
}

/// Which sessions.
package struct SelectorOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Those of one person, by the provider's sub.", valueName: "sub"))
    package var user: String?

    @Option(name: .long, help: ArgumentHelp("One, by the name that the list shows.", valueName: "name"))
    package var session: String?

    @Option(name: .long, help: ArgumentHelp("Those of one session at the provider.", valueName: "sid"))
    package var sid: String?

    @Flag(name: .long, help: "Every session there is.")
    package var all = false

    package init() {}

    /// - Throws: unless exactly one is given.
    func selector() throws -> SessionSelector {
        var selectors: [SessionSelector] = []
        if let user { selectors.append(.user(user)) }
        if let sid { selectors.append(.providerSession(sid)) }
        if self.all { selectors.append(.all) }
        if let session {
            guard let key = SessionKey(hex: session) else {
                throw ValidationError("--session takes the 64 hexadecimal digits that the list shows.")
            }
            selectors.append(.session(key))
        }
        guard selectors.count == 1 else {
            throw ValidationError("Name exactly one of --user, --session, --sid, --all.")
        }
        return selectors[0]
    }
}

extension ConfigurationOption {
    /// - Throws: the exit code, after saying what is wrong.
    fileprivate func ask(_ question: (AdminClient) async throws -> JSON) async throws -> JSON {
        let configuration = try self.read()
        do {
            return try await question(AdminClient(configuration.admin))
        } catch let failure as AdminClient.Failure {
            Surroundings.complain(failure.description)
            throw ExitCode.failure
        }
    }
}

/// `gatehouse sessions list`
package struct ListSessions: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "One line for each session: its name, whose it is, and since when."
    )

    @OptionGroup package var option: ConfigurationOption
    @OptionGroup package var selection: SelectorOptions

    @Flag(name: .long, help: "The whole answer as JSON.")
    package var json = false

    package init() {}

    package func run() async throws {
        let selector = try self.selection.selector()
        let answer = try await self.option.ask { try await $0.list(selector) }
        if self.json { return print(String(decoding: answer.bytes, as: UTF8.self)) }
        for session in answer["sessions"]?.arrayValue ?? [] { print(session.line) }
        if answer["truncated"]?.boolValue == true { Surroundings.complain("there are more; narrow the selection") }
    }
}

/// `gatehouse sessions show`
package struct ShowSession: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "All that is known of one session, never a token."
    )

    @OptionGroup package var option: ConfigurationOption

    @Option(name: .long, help: ArgumentHelp("The name that the list shows.", valueName: "name"))
    package var session: String

    package init() {}

    package func run() async throws {
        guard let key = SessionKey(hex: self.session) else {
            throw ValidationError("--session takes the 64 hexadecimal digits that the list shows.")
        }
        let answer = try await self.option.ask { try await $0.list(.session(key)) }
        guard let session = answer["sessions"]?.arrayValue?.first else {
            Surroundings.complain("there is no such session")
            throw ExitCode.failure
        }
        for member in session.objectValue ?? [] { print("\(member.name): \(member.value.shown)") }
    }
}

/// `gatehouse sessions revoke`
package struct RevokeSessions: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End sessions, on every replica."
    )

    @OptionGroup package var option: ConfigurationOption
    @OptionGroup package var selection: SelectorOptions

    package init() {}

    package func run() async throws {
        let selector = try self.selection.selector()
        let answer = try await self.option.ask { try await $0.revoke(selector) }
        print("ended: \(answer["ended"]?.shown ?? "0")")
    }
}

extension JSON {
    /// For a terminal: names are people's own choice, and a control character would speak to the terminal itself.
    fileprivate var shown: String {
        let text = self.stringValue ?? (self == .null ? "-" : String(decoding: self.bytes, as: UTF8.self))
        return printable(text)
    }

    fileprivate var line: String {
        ["session", "user", "name", "host", "signed_in_at", "refreshed_at"].map { (self[$0] ?? .null).shown }
            .joined(separator: " ")
    }
}
