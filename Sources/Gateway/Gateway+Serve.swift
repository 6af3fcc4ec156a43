import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

extension Gateway {
    /// Serves as a process does: logs go to standard output, SIGTERM and SIGINT end it gracefully.
    ///
    /// - Parameter source: where to look for another configuration, on SIGHUP and when a file changes.
    /// - Throws: what keeps the gateway from starting, such as an address in use.
    package static func serve(_ configuration: Configuration, source: ConfigurationSource? = nil) async throws {
        // A browser or a log reader that leaves must not take the process along.
        signal(SIGPIPE, SIG_IGN)
        // Whoever asks for a reload before we listen for that must not end us.
        if source != nil { signal(SIGHUP, SIG_IGN) }
        let workers = configuration.server.workers
        let group = MultiThreadedEventLoopGroup(numberOfThreads: workers == 0 ? System.coreCount : workers)
        let threadPool = NIOThreadPool(numberOfThreads: 1)
        threadPool.start()
        let output = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: STDOUT_FILENO)
        let sink = LogSink(file: output, threadPool: threadPool, eventLoop: group.next())
        let asJSON =
            switch configuration.log.format {
            case .json: true
            case .text: false
            case .auto: isatty(STDOUT_FILENO) == 0
            }
        let level = configuration.log.level
        let logger = Logger(label: "gatehouse") { _ in LineLogHandler(sink: sink, level: level, asJSON: asJSON) }
        let result: Result<Void, any Error>
        do {
            let gateway = try Gateway(
                configuration,
                group: group,
                logger: logger,
                sink: sink,
                logsAsJSON: asJSON,
                source: source
            )
            // What the lifecycle library says about itself is of no use to an operator.
            let silent = Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }
            try await ServiceGroup(
                services: [gateway],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: silent
            ).run()
            result = .success(())
        } catch {
            logger.critical("the gateway cannot go on", metadata: ["error": "\(error)"])
            result = .failure(error)
        }
        try await sink.close()
        _ = try output.takeDescriptorOwnership()
        try await threadPool.shutdownGracefully()
        try await group.shutdownGracefully()
        try result.get()
    }
}
