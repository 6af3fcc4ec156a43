import Logging
import NIOCore
import NIOPosix

/// Looks whether the files of `[tls]` have changed, and takes them over when they are right: all of them or none.
actor CertificateWatch {
    /// Files that have been read and found right, and how they are to be used.
    struct Prepared: Sendable {
        fileprivate let settings: Configuration.TLS
        fileprivate let http2: Bool
        fileprivate let material: TLSMaterial
        fileprivate let handshake: TLSMaterial.Handshake

        /// Off the event loops: a file may be far away.
        init(_ settings: Configuration.TLS, http2: Bool, threads: NIOThreadPool) async throws {
            self.settings = settings
            self.http2 = http2
            self.material = try await threads.runIfActive { try TLSMaterial(reading: settings) }
            self.handshake = try self.material.handshake(for: settings, http2: http2)
        }
    }

    nonisolated let contexts: TLSContexts
    private var current: Prepared
    private let threads: NIOThreadPool
    private let changes: ChangeCounts
    private let logger: Logger
    private let now: @Sendable () -> Int
    private var lastProblem = ""

    init(
        _ initial: Prepared,
        threads: NIOThreadPool,
        changes: ChangeCounts,
        logger: Logger,
        now: @escaping @Sendable () -> Int
    ) {
        self.current = initial
        self.contexts = TLSContexts(initial.handshake.context)
        self.threads = threads
        self.changes = changes
        self.logger = logger
        self.now = now
        changes.note(expiries: initial.handshake.expiries)
        if let expiry = initial.handshake.expiries.min(), expiry <= now() {
            logger.warning("a certificate has expired", metadata: ["not_after": "\(Self.text(expiry))"])
        }
    }

    /// Runs until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .nanoseconds(self.current.settings.checkInterval.nanoseconds))
            await self.look()
        }
    }

    private func look() async {
        let settings = self.current.settings
        do {
            let material = try await self.threads.runIfActive { try TLSMaterial(reading: settings) }
            guard material != self.current.material else {
                self.lastProblem = ""
                return
            }
            let prepared = try await self.prepare(settings, http2: self.current.http2)
            // A reload may have come before.
            guard settings.isSame(as: self.current.settings) else { return }
            self.takeOver(prepared)
            self.changes.count(.certificates, .applied)
        } catch {
            // Said once for each thing that is wrong, not with every look.
            guard !Task.isCancelled, self.lastProblem != "\(error)" else { return }
            self.lastProblem = "\(error)"
            self.changes.count(.certificates, .refused)
            self.logger.error("certificates refused, the old ones stay", metadata: ["error": "\(error)"])
        }
    }

    /// Reads the files. An expired certificate is not taken in place of another.
    func prepare(_ settings: Configuration.TLS, http2: Bool) async throws -> Prepared {
        let prepared = try await Prepared(settings, http2: http2, threads: self.threads)
        if prepared.material != self.current.material {
            guard (prepared.handshake.expiries.min() ?? 0) > self.now() else {
                throw TLSError(description: "the new certificate has expired")
            }
        }
        return prepared
    }

    func takeOver(_ prepared: Prepared) {
        let isNew = prepared.material != self.current.material
        self.contexts.replace(with: prepared.handshake.context)
        self.current = prepared
        self.lastProblem = ""
        self.changes.note(expiries: prepared.handshake.expiries)
        guard isNew, let expiry = prepared.handshake.expiries.min() else { return }
        self.logger.notice("certificates taken over", metadata: ["not_after": "\(Self.text(expiry))"])
    }

    private static func text(_ seconds: Int) -> String {
        Timestamp(seconds: Int64(seconds), milliseconds: 0).text
    }
}
