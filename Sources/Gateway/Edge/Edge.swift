import Logging
import NIOCore
import NIOPosix
import OpenIDConnect

/// All public listeners of the gateway, and the certificates they show.
struct Edge: Sendable {
    private let channels: [any Channel]
    /// Those that nobody else holds open: what is done to them is not seen by whoever comes after us.
    private let ownChannels: [any Channel]
    /// `nil` where no TLS is spoken.
    private let certificates: CertificateWatch?
    private let watch: Task<Void, Never>?
    private let threadPool: NIOThreadPool?
    /// Where it listens, for the log.
    let text: String

    /// Binds all of them. One that cannot be bound keeps the gateway from starting.
    init(
        _ configuration: Configuration,
        group: MultiThreadedEventLoopGroup,
        workers: WorkerTable,
        changes: ChangeCounts,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) async throws {
        let server = configuration.server
        if server.listeners.contains(where: { $0.speech == .https }) {
            let threadPool = NIOThreadPool(numberOfThreads: 1)
            threadPool.start()
            let certificates = CertificateWatch(
                try await CertificateWatch.Prepared(configuration.tls, http2: server.http2, threads: threadPool),
                threads: threadPool,
                changes: changes,
                logger: logger
            ) { Int(clock().seconds) }
            self.certificates = certificates
            self.threadPool = threadPool
            self.watch = Task { await certificates.run() }
        } else {
            self.certificates = nil
            self.threadPool = nil
            self.watch = nil
        }
        var channels: [any Channel] = []
        var ownChannels: [any Channel] = []
        var texts: [String] = []
        for listener in server.listeners {
            do {
                let channel = try await Listener.bind(
                    listener,
                    server: server,
                    tls: self.certificates?.contexts,
                    group: group,
                    workers: workers,
                    door: configuration.check.listen == nil ? .everything : .browsers
                )
                channels.append(channel)
                if case .address = listener.place { ownChannels.append(channel) }
                texts.append(Self.text(of: listener, on: channel))
            } catch {
                for channel in channels { try? await channel.close() }
                self.watch?.cancel()
                throw BindError("server.listen", listener.text, error)
            }
        }
        self.channels = channels
        self.ownChannels = ownChannels
        self.text = texts.joined(separator: ", ")
    }

    /// Reads the certificates of another configuration; what is wrong with them throws.
    func prepare(_ configuration: Configuration) async throws -> CertificateWatch.Prepared? {
        try await self.certificates?.prepare(configuration.tls, http2: configuration.server.http2)
    }

    func takeOver(_ prepared: CertificateWatch.Prepared?) async {
        if let prepared { await self.certificates?.takeOver(prepared) }
    }

    /// Accepts nobody any more.
    ///
    /// - Parameter checks: the listener for front proxies, where it is one of its own.
    func close(beside checks: (any Channel)?) async {
        let own = self.ownChannels + (checks.map { [$0] } ?? [])
        for channel in own { await channel.turnAway() }
        if !own.isEmpty { try? await Task.sleep(for: Self.queueTime) }
        for channel in self.channels { try? await channel.close() }
        try? await checks?.close()
        self.watch?.cancel()
        await self.watch?.value
        try? await self.threadPool?.shutdownGracefully()
    }

    /// How long whoever is in the kernel's queue may take to be accepted.
    private static let queueTime = Duration.milliseconds(250)

    /// As configured, with the port that was found where any would do.
    private static func text(of listener: Configuration.Listener, on channel: any Channel) -> String {
        guard case .address = listener.place, let host = channel.localAddress?.ipAddress,
            let port = channel.localAddress?.port
        else { return listener.text }
        return Configuration.Listener(listener.speech, on: .address(.init(host: host, port: port))).text
    }
}
