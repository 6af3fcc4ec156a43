import Access
package import ArgumentParser
import FoundationEssentials
import Gateway
import NIOCore
import NIOPosix
import NIOSSL

/// Plays the newcomer and the attacker against the operator's own deployment.
package struct Doctor: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Look for holes in a running deployment, through its real front.",
        discussion: """
            Sends requests to the address, to the upstreams and ports of the configuration and to the provider, one \
            after the other and no more than \(Examination.maximumRequests), and says afterwards how many went where. \
            None has a session but with --cookie-file. Run it where an attacker would stand: from another machine than the gateway's.

            Exit code 0: nothing is wrong. 1: there are findings. 64: wrong arguments. 78: the configuration has problems.
            """
    )

    @Argument(
        help: ArgumentHelp("Where browsers reach the deployment, such as https://app.example.com.", valueName: "url")
    )
    package var url: String

    @OptionGroup package var option: ConfigurationOption

    @Option(help: ArgumentHelp("Connect here instead of where the name of the url leads.", valueName: "address:port"))
    package var connect: String?

    @Option(
        help: ArgumentHelp(
            "Listen here as the application of a route, to see what reaches one.",
            valueName: "address:port"
        )
    )
    package var witness: String?

    @Option(
        help: ArgumentHelp(
            "The path under which the front or the gateway leads to the witness, where no route tells.",
            valueName: "path"
        )
    )
    package var witnessPath: String?

    @Option(
        help: ArgumentHelp(
            "A file with the Cookie header of a browser that is signed in, to see what its user could forge.",
            valueName: "file"
        )
    )
    package var cookieFile: String?

    @Option(help: ArgumentHelp("PEM file with the authorities to trust for the url.", valueName: "file"))
    package var caFile: String?

    @Option(help: ArgumentHelp("The longest to wait for one answer.", valueName: "duration"))
    package var timeout: String = "5s"

    @Flag(help: "The doctor stands on the gateway's own machine, where the upstreams may be reached.")
    package var besideGateway = false

    package init() {}

    package func run() async throws {
        guard let front = FrontAddress(self.url, connect: self.connect) else {
            throw ValidationError(
                "The url is scheme and host, such as https://app.example.com; --connect is address:port."
            )
        }
        guard let timeout = Quantity.duration(self.timeout), timeout > .zero, timeout <= .seconds(60) else {
            throw ValidationError("--timeout is up to 60s, such as 5s or 500ms.")
        }
        let configuration = try self.option.read()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var examination = Examination(
            configuration: configuration,
            places: self.places,
            front: front,
            group: group,
            timeout: TimeAmount(timeout),
            tls: front.scheme == .https ? try self.trust() : nil
        )
        examination.isBesideGateway = self.besideGateway
        examination.cookies = try self.cookies(for: front)
        examination.witness = try await self.stand(for: configuration, front, group)
        await examination.run()
        try? await group.shutdownGracefully()
        print("gatehouse doctor \(front.origin), \(self.option.config)\n\n\(examination.report.text)")
        if !examination.report.isClean { throw ExitCode(1) }
    }

    private var places: SettingPlaces {
        let document = (try? TextFile.bytes(of: self.option.config)).flatMap { try? TOMLDocument($0) }
        return SettingPlaces(file: self.option.config, document: document, environment: Surroundings.environment)
    }

    /// What a browser's developer tools show as the request's `Cookie`, without the field's name.
    private func cookies(for front: FrontAddress) throws -> String? {
        guard let cookieFile else { return nil }
        guard front.scheme == .https || front.isLoopback else {
            throw ValidationError("With --cookie-file the url is https: everybody on the way could take the session.")
        }
        guard var bytes = try? TextFile.bytes(of: cookieFile) else {
            throw ValidationError("--cookie-file cannot be read.")
        }
        while let last = bytes.last, [UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(last) { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x20..<0x7f).contains($0) }) else {
            throw ValidationError("--cookie-file is one line, the value of a Cookie header.")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func trust() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let caFile {
            guard let authorities = try? NIOSSLCertificate.fromPEMFile(caFile), !authorities.isEmpty else {
                throw ValidationError("--ca-file has no certificate that can be read.")
            }
            configuration.trustRoots = .certificates(authorities)
        }
        return try NIOSSLContext(configuration: configuration)
    }

    /// The witness, when one is asked for, and the path that leads to it.
    private func stand(
        for configuration: Configuration,
        _ front: FrontAddress,
        _ group: MultiThreadedEventLoopGroup
    ) async throws -> (witness: Witness, path: String)? {
        guard let text = self.witness else { return nil }
        guard let address = Configuration.ListenAddress(text) else {
            throw ValidationError("--witness is address:port.")
        }
        let route = configuration.routes.first { route in
            guard route.hasUpstream, route.authority == front.authority else { return false }
            let addresses = configuration.upstreams[route.upstream].addresses
            return addresses.contains { $0.port == address.port } && route.policy.access == .anyone
        }
        guard let path = self.witnessPath ?? route?.path else {
            throw ValidationError(
                "No route with access = \"anyone\" has port \(address.port) as upstream; add one, or name a --witness-path."
            )
        }
        let witness = Witness()
        do {
            try await witness.listen(on: address, group: group)
        } catch {
            throw ValidationError("The witness cannot listen on \(address.text): \(WireClient.reason(error)).")
        }
        return (witness, path)
    }
}
