import Foundation
import NIOCore
import Redis
import Synchronization

/// A real redis-server on a Unix socket in a folder of its own. `stop()` it.
final class RedisServer: Sendable {
    struct CannotStart: Error, CustomStringConvertible {
        let description: String
    }

    private let folder: URL
    private let process: Mutex<Process?>

    /// Starts it and waits until it accepts connections.
    init() async throws {
        // Short, because the path of a Unix socket may have 107 bytes.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "gh-\(UInt32.random(in: 0...(.max)))"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "redis-server", "--dir", folder.path, "--save", "", "--appendonly", "no", "--port", "0",
            "--unixsocket", folder.path + "/redis.sock",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        self.folder = folder
        self.process = Mutex(process)

        let log = Mutex("")
        let isReady = await withCheckedContinuation { continuation in
            let waiting = Mutex<CheckedContinuation<Bool, Never>?>(continuation)
            output.fileHandleForReading.readabilityHandler = { handle in
                let data = handle.availableData
                let text = log.withLock {
                    $0 += String(decoding: data, as: UTF8.self)
                    return $0
                }
                if data.isEmpty { handle.readabilityHandler = nil }
                guard data.isEmpty || text.contains("eady to accept connections") else { return }
                waiting.withLock { $0.take() }?.resume(returning: !data.isEmpty)
            }
        }
        guard isReady else { throw CannotStart(description: log.withLock { $0 }) }
    }

    /// How to reach it, with more patience than a gateway has: a machine under test is a busy one.
    var configuration: RedisConfiguration {
        var configuration = RedisConfiguration(address: .unix(path: self.folder.path + "/redis.sock"))
        configuration.commandTimeout = .seconds(20)
        configuration.connectTimeout = .seconds(20)
        return configuration
    }

    /// Ends it, at once.
    func stop() {
        self.process.withLock { $0.take() }.map { process in
            if process.isRunning { _ = kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: self.folder)
    }

    deinit {
        self.stop()
    }
}
