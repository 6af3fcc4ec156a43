package import ArgumentParser
import Gateway

/// For the front proxy that already stands there.
package struct Emit: ParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Print the configuration of a front proxy that asks this gateway.",
        discussion: "Exactly for this configuration: its hosts, routes, paths and addresses. See deploy/guides."
    )

    @Argument(help: "\(Front.allCases.map(\.rawValue).joined(separator: ", "))") package var front: Front
    @OptionGroup package var option: ConfigurationOption

    package init() {}

    package func run() throws {
        let configuration = try self.option.read()
        do {
            print(try self.front.text(for: configuration), terminator: "")
        } catch {
            Surroundings.complain("\(self.option.config): \(error)")
            throw ExitCode(78)
        }
    }
}

extension Front: ExpressibleByArgument {}
