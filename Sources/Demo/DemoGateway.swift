import FoundationEssentials
import Glibc
import LogtoStandIn

/// The gateway of the demo: the `gatehouse` beside this program, as a process of its own.
struct DemoGateway: Sendable {
    private let process: pid_t

    /// Whether it is still there.
    var isRunning: Bool { kill(process, 0) == 0 && waitpid(process, nil, WNOHANG) == 0 }

    /// Asks it to drain, and waits until it has gone.
    func stop() async {
        kill(process, SIGTERM)
        for _ in 0..<100 where isRunning { try? await Task.sleep(for: .milliseconds(50)) }
        kill(process, SIGKILL)
    }

    fileprivate init(program: String, arguments: [String]) throws(DemoError) {
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let argumentVector = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        let environmentVector = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe (argumentVector + environmentVector).forEach { unsafe free($0) } }
        var process: pid_t = 0
        let status = unsafe posix_spawn(&process, program, nil, nil, argumentVector, environmentVector)
        guard status == 0 else { throw DemoError("\(program) could not be started (error \(status))") }
        self.process = process
    }
}

/// Why the demo cannot go on, in words for whoever started it.
struct DemoError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Starts the gateway in front of the application, with the stand-in as its provider.
/// - Throws: `DemoError`.
func startGateway(_ addresses: DemoAddresses, issuer: String) async throws -> DemoGateway {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let folder = own.map { $0.prefix(upTo: $0.lastIndex(of: "/") ?? $0.endIndex) } ?? "."
    let file = FileManager.default.temporaryDirectory.appending(path: "gatehouse-demo-\(getpid()).toml")
    do {
        try Data(configuration(addresses, issuer: issuer).utf8).write(to: file)
    } catch {
        throw DemoError("\(file.path) cannot be written")
    }
    return try DemoGateway(program: folder + "/gatehouse", arguments: ["serve", "--config", file.path])
}

private func configuration(_ addresses: DemoAddresses, issuer: String) -> String {
    let upstream = "http://127.0.0.1:\(addresses.applicationPort)"
    return """
        [server]
        listen = "127.0.0.1:\(addresses.gatewayPort)"
        public_url = "\(addresses.gateway)"

        [admin]
        listen = "127.0.0.1:\(addresses.adminPort)"

        [provider]
        issuer = "\(issuer)"
        client_id = "\(StandIn.clientID)"
        client_secret = "\(StandIn.clientSecret)"

        [[route]]
        path = "/"
        upstream = "\(upstream)"
        access = "optional"

        [[route]]
        path = "/account"
        upstream = "\(upstream)"
        access = "signed-in"

        """
}
