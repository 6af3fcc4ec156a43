import ChildProcess
import Foundation

/// `openssl s_server` with a certificate of an authority made for the occasion. Each page it serves tells about its
/// connection: "New, TLSv1.3" or "Reused, TLSv1.3".
final class TLSServer {
    let port: Int
    private let process: ChildProcess

    init(_ authority: CertificateAuthority, name: String = "IP:127.0.0.1", options: [String] = []) async throws {
        let certificate = try await authority.issue(name)
        let process = try ChildProcess(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate.path]
                + ["-key", certificate.key] + options
        )
        var text = ""
        while !text.hasSuffix("\n") || !text.contains("ACCEPT ") {
            let data = process.read()
            guard !data.isEmpty else { throw CocoaError(.executableLoad) }
            text += String(decoding: data, as: UTF8.self)
        }
        let line = text.split(separator: "\n").last { $0.hasPrefix("ACCEPT ") }
        self.port = line.flatMap { $0.split(separator: ":").last }.flatMap { Int($0) } ?? 0
        self.process = process
    }

    func url(_ host: String = "127.0.0.1") -> String {
        "https://\(host):\(self.port)/"
    }
}

/// A certificate authority in a temporary directory, by openssl's command line.
final class CertificateAuthority: Sendable {
    let directory: String
    var file: String { self.directory + "/ca.pem" }
    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    init() async throws {
        self.directory = NSTemporaryDirectory() + "/gatehouse-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
        try await runCommand(
            ["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=Gatehouse test authority"]
                + Self.key + ["-keyout", self.directory + "/ca.key", "-out", self.file]
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.directory)
    }

    /// - Parameter name: as in "IP:127.0.0.1" or "DNS:localhost".
    func issue(_ name: String) async throws -> (path: String, key: String) {
        let stem = self.directory + "/" + UUID().uuidString
        try await runCommand(
            ["openssl", "req", "-subj", "/CN=server", "-addext", "subjectAltName=" + name]
                + Self.key + ["-keyout", stem + ".key", "-out", stem + ".csr"]
        )
        try await runCommand(
            ["openssl", "x509", "-req", "-in", stem + ".csr", "-CA", self.file, "-CAkey", self.directory + "/ca.key"]
                + ["-copy_extensions", "copy", "-days", "2", "-out", stem + ".pem"]
        )
        return (stem + ".pem", stem + ".key")
    }

    /// Its certificate in a directory of its own, under the name OpenSSL looks for.
    func hashedDirectory() async throws -> String {
        let path = self.directory + "/hashed"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: self.file, toPath: path + "/ca.pem")
        try await runCommand(["openssl", "rehash", path])
        return path
    }
}

/// Runs a command to its end, on a thread of its own, and returns what it wrote.
@discardableResult
func runCommand(_ arguments: [String]) async throws -> [UInt8] {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try ChildProcess.run(arguments) })
        }
    }
}
