package import Logging
import NIOCore
package import NIOPosix

/// Looks whether the files of `[tls]` have changed, and takes them over when they are right: all of them or none.
package struct CertificateWatch: Sendable {
    private let settings: Configuration.TLS
    private let http2: Bool
    private let threads: NIOThreadPool
    private let logger: Logger
    private let now: @Sendable () -> Int

    /// What the files held when they were last looked at.
    private let initial: TLSMaterial
    package let contexts: TLSContexts

    /// Reads the files for the first time; what is wrong with them keeps the gateway from starting.
    package init(
        _ settings: Configuration.TLS,
        http2: Bool,
        threadPool: NIOThreadPool,
        logger: Logger,
        now: @escaping @Sendable () -> Int
    ) async throws {
        self.settings = settings
        self.http2 = http2
        self.threads = threadPool
        self.logger = logger
        self.now = now
        self.initial = try await Self.read(settings, self.threads)
        let (context, notAfter) = try self.initial.context(for: settings, http2: http2)
        self.contexts = TLSContexts(context)
        if notAfter <= now() {
            logger.warning("a certificate has expired", metadata: ["not_after": "\(Self.text(notAfter))"])
        }
    }

    /// Runs until it is cancelled.
    package func run() async {
        var known = self.initial
        var lastProblem = ""
        while !Task.isCancelled {
            try? await Task.sleep(for: .nanoseconds(self.settings.checkInterval.nanoseconds))
            do {
                let material = try await Self.read(self.settings, self.threads)
                guard material != known else {
                    lastProblem = ""
                    continue
                }
                let (context, notAfter) = try material.context(for: self.settings, http2: self.http2)
                guard notAfter > self.now() else { throw TLSError(description: "the new certificate has expired") }
                self.contexts.replace(with: context)
                known = material
                lastProblem = ""
                self.logger.notice("certificates taken over", metadata: ["not_after": "\(Self.text(notAfter))"])
            } catch {
                // Said once for each thing that is wrong, not with every look.
                guard !Task.isCancelled, lastProblem != "\(error)" else { continue }
                lastProblem = "\(error)"
                self.logger.error("certificates refused, the old ones stay", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Off the event loops: a file may be far away.
    private static func read(_ settings: Configuration.TLS, _ threads: NIOThreadPool) async throws -> TLSMaterial {
        try await threads.runIfActive { try TLSMaterial(reading: settings) }
    }

    private static func text(_ seconds: Int) -> String {
        Timestamp(seconds: Int64(seconds), milliseconds: 0).text
    }
}
