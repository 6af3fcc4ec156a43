import Access
package import NIOCore
package import NIOPosix

/// The server pipeline: bytes, parts, exchanges. Each connection belongs to the worker of the loop it was given.
package enum Listener {
    /// Binds the public address.
    package static func bind(
        _ address: Configuration.ListenAddress,
        group: MultiThreadedEventLoopGroup,
        workers: WorkerTable
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // One read for each readiness: a second one would mostly find nothing.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ExchangeHandler(worker: workers.worker(of: channel.eventLoop))
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: address.host, port: address.port)
            .get()
    }
}

/// Which worker belongs to which loop.
package struct WorkerTable: Sendable {
    private let workers: [ObjectIdentifier: NIOLoopBound<Worker>]

    /// Makes a worker on each loop of the group.
    package init(group: MultiThreadedEventLoopGroup, make: @escaping @Sendable (any EventLoop) -> Worker) async throws {
        var workers: [ObjectIdentifier: NIOLoopBound<Worker>] = [:]
        for eventLoop in group.makeIterator() {
            workers[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
                let worker = make(eventLoop)
                worker.start()
                return NIOLoopBound(worker, eventLoop: eventLoop)
            }.get()
        }
        self.workers = workers
        let all = self
        for worker in workers.values {
            try await worker.eventLoop.submit { worker.value.siblings = all }.get()
        }
    }

    /// On each worker's own loop.
    func announceEnd(of key: SessionKey) {
        for worker in self.workers.values {
            worker.eventLoop.execute { worker.value.sessionEnded(key) }
        }
    }

    /// To be called on that loop. Every loop of the group has one.
    func worker(of eventLoop: any EventLoop) -> Worker {
        guard let worker = self.workers[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("a connection on a loop that is not ours")
        }
        return worker.value
    }

    /// Runs something on each worker's own loop, and collects what comes of it.
    package func map<Value: Sendable>(_ body: @escaping @Sendable (Worker) -> Value) async throws -> [Value] {
        var values: [Value] = []
        for worker in self.workers.values {
            values.append(try await worker.eventLoop.submit { body(worker.value) }.get())
        }
        return values
    }

    /// The same for what takes its time, on all workers at once.
    func wait(_ body: @escaping @Sendable (Worker) -> EventLoopFuture<Void>) async throws {
        let futures = self.workers.values.map { worker in worker.eventLoop.flatSubmit { body(worker.value) } }
        for future in futures { try await future.get() }
    }
}
