private import ChildProcess
private import Foundation
import NIOCore
import NIOPosix
package import Redis
import Synchronization

/// A real redis-server in a folder of its own, on a Unix socket or a loopback port. `stop()` it.
package final class RedisServer: Sendable {
    /// How it listens.
    package enum Listening: Sendable {
        case unix
        case tcp
        case tls(Certificates)
    }

    package struct CannotStart: Error, CustomStringConvertible {
        package let description: String
    }

    package let folder: TemporaryFolder
    package let address: RedisConfiguration.Address
    private let arguments: [String]
    private let process = Mutex<ChildProcess?>(nil)

    private init(folder: TemporaryFolder, address: RedisConfiguration.Address, arguments: [String]) {
        self.folder = folder
        self.address = address
        self.arguments = arguments
    }

    /// Starts a server with these further options and waits until it accepts connections.
    package static func start(_ listening: Listening = .unix, _ options: String...) async throws -> RedisServer {
        let folder = try TemporaryFolder()
        var arguments = ["--dir", folder.path, "--save", "", "--appendonly", "no", "--loglevel", "notice"] + options
        let address: RedisConfiguration.Address
        switch listening {
        case .unix:
            address = .unix(path: folder.path + "/redis.sock")
            arguments += ["--port", "0", "--unixsocket", folder.path + "/redis.sock"]
        case .tcp:
            let port = try await RedisServer.freePort()
            address = .tcp(host: "127.0.0.1", port: port)
            arguments += ["--bind", "127.0.0.1", "--port", String(port)]
        case .tls(let certificates):
            let port = try await RedisServer.freePort()
            address = .tcp(host: "127.0.0.1", port: port)
            arguments += [
                "--bind", "127.0.0.1", "--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no",
                "--tls-cert-file", certificates.certificate, "--tls-key-file", certificates.key,
                "--tls-ca-cert-file", certificates.authority,
            ]
        }
        let server = RedisServer(folder: folder, address: address, arguments: arguments)
        try await server.restart()
        return server
    }

    /// How to reach it.
    package var configuration: RedisConfiguration { RedisConfiguration(patientlyAt: self.address) }

    /// Starts it again after `stop()`; its data is gone.
    package func restart() async throws {
        let process = try ChildProcess(["redis-server"] + self.arguments, complaints: true)
        self.process.withLock { $0 = process }

        // A thread that reads to the end, so that the server is never held up by what it has to say.
        let (isReady, log) = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var waiting: CheckedContinuation<(Bool, String), Never>? = continuation
                var log = ""
                while case let data = process.read(), !data.isEmpty {
                    guard let answer = waiting else { continue }
                    log += String(decoding: data, as: UTF8.self)
                    if log.contains("eady to accept connections") {
                        answer.resume(returning: (true, log))
                        waiting = nil
                    }
                }
                waiting?.resume(returning: (false, log))
            }
        }
        guard isReady else {
            throw CannotStart(description: log)
        }
    }

    /// Ends it, at once.
    package func stop() {
        let process = self.process.withLock { $0.take() }
        process?.signal(SIGKILL)
        process?.wait()
    }

    /// Freezes it: the kernel still takes connections, nobody answers.
    package func freeze() { self.process.withLock { $0?.signal(SIGSTOP) } }

    /// Lets it go on.
    package func thaw() { self.process.withLock { $0?.signal(SIGCONT) } }

    private static let givenPorts = Mutex<Set<Int>>([])

    /// A port nobody listened on a moment ago; redis-server cannot choose one itself. It is below those the kernel
    /// gives to whoever asks for any (32768 and up), because between our look and the server's the other tests ask.
    private static func freePort() async throws -> Int {
        while true {
            let port = Int.random(in: 11_000..<32_000)
            guard Self.givenPorts.withLock({ $0.insert(port).inserted }) else { continue }
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            guard let channel = try? await bootstrap.bind(host: "127.0.0.1", port: port).get() else { continue }
            try await channel.close().get()
            return port
        }
    }

    deinit {
        self.stop()
    }
}

/// A folder that goes with its last owner.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        // Short, because the path of a Unix socket may have 107 bytes.
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("gh-\(UInt32.random(in: 0...(.max)))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        self.path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }
}

/// An authority and a certificate of it, made by openssl.
package struct Certificates: Sendable {
    package let authority: String
    package let certificate: String
    package let key: String
    private let folder: TemporaryFolder

    /// A certificate for these names, as openssl writes them: `DNS:localhost,IP:127.0.0.1`.
    package init(for names: String) throws {
        self.folder = try TemporaryFolder()
        self.authority = self.folder.path + "/ca.crt"
        self.certificate = self.folder.path + "/server.crt"
        self.key = self.folder.path + "/server.key"
        let authorityKey = self.folder.path + "/ca.key"
        let new = ["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        try Certificates.openssl(
            new + ["-subj", "/CN=test authority", "-keyout", authorityKey, "-out", self.authority]
        )
        try Certificates.openssl(
            new + [
                "-CA", self.authority, "-CAkey", authorityKey, "-subj", "/CN=test server", "-keyout", self.key,
                "-out", self.certificate, "-addext", "subjectAltName=\(names)", "-addext", "basicConstraints=CA:FALSE",
            ]
        )
    }

    private static func openssl(_ arguments: [String]) throws {
        try ChildProcess.run(["openssl"] + arguments)
    }
}

extension RedisConfiguration {
    /// The defaults, but for timeouts that a busy machine does not reach.
    package init(patientlyAt address: Address) {
        self.init(address: address)
        self.commandTimeout = .seconds(20)
        self.connectTimeout = .seconds(20)
    }
}
