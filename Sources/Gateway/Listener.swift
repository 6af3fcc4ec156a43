import Access
package import NIOCore
package import NIOPosix
import NIOSSL

/// The server pipeline: bytes, parts, exchanges. Each connection belongs to the worker of the loop it was given.
package enum Listener {
    /// Binds a TCP address for plain HTTP.
    package static func bind(
        _ address: Configuration.ListenAddress,
        group: MultiThreadedEventLoopGroup,
        workers: WorkerTable,
        door: Door = .everything
    ) async throws -> any Channel {
        try await self.bind(
            .init(address),
            group: group,
            workers: workers,
            door: door
        )
    }

    /// Binds one place.
    ///
    /// - Parameter tls: for a listener that speaks https.
    package static func bind(
        _ listener: Configuration.Listener,
        server: Configuration.Server? = nil,
        tls: TLSContexts? = nil,
        group: MultiThreadedEventLoopGroup,
        workers: WorkerTable,
        door: Door = .everything
    ) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause())
                }
            }
            // One read for each readiness: a second one would mostly find nothing.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.receive(channel, listener.speech, tls, workers.worker(of: channel.eventLoop), door)
                }
            }
        switch listener.place {
        case .address(let address):
            return
                try await bootstrap
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: address.host, port: address.port)
                .get()
        case .unix(let path):
            return try await UnixSocket.bind(bootstrap, path: path, mode: server?.socketMode ?? 0o600)
        case .inherited(let name):
            guard let socket = server?.inheritedSockets[name] else { throw MissingSocket(name: name) }
            return try await bootstrap.withBoundSocket(socket).get()
        }
    }

    /// Puts up a new connection's pipeline.
    private static func receive(
        _ channel: any Channel,
        _ speech: Configuration.Listener.Speech,
        _ tls: TLSContexts?,
        _ worker: Worker,
        _ door: Door
    ) throws {
        let arrival = Arrival(speech: speech, channel: channel, door: door)
        let pipeline = channel.pipeline.syncOperations
        let isBalancer = worker.settings.configuration.server.expectsProxyHeader(from: arrival.peer)
        if isBalancer { try pipeline.addHandler(ProxyHeaderHandler(arrival: arrival)) }
        if speech == .https, let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls.current)) }
        try pipeline.addHandler(ArrivalHandler(worker: worker, arrival: arrival, waitsForPeer: isBalancer))
    }

    /// The service manager has handed over no such socket.
    private struct MissingSocket: Error, CustomStringConvertible {
        let name: String

        var description: String {
            "the service manager has handed over no socket named \"\(self.name)\" (FileDescriptorName= in its unit)"
        }
    }
}

extension Configuration.Server {
    /// Whether a connection from here begins with a PROXY header.
    fileprivate func expectsProxyHeader(from peer: String) -> Bool {
        guard let address = IPAddress(peer) else { return self.proxyProtocolFromUnix }
        return self.proxyProtocolFrom.contains { $0.contains(address) }
    }
}

/// Which workers belong to which loop.
package struct WorkerTable: Sendable {
    private let shifts: [ObjectIdentifier: NIOLoopBound<Shift>]

    /// Makes a worker on each loop of the group.
    package init(group: MultiThreadedEventLoopGroup, make: @escaping @Sendable (any EventLoop) -> Worker) async throws {
        var shifts: [ObjectIdentifier: NIOLoopBound<Shift>] = [:]
        for eventLoop in group.makeIterator() {
            shifts[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
                let worker = make(eventLoop)
                worker.start()
                return NIOLoopBound(Shift(worker), eventLoop: eventLoop)
            }.get()
        }
        self.shifts = shifts
        let all = self
        for shift in shifts.values {
            try await shift.eventLoop.submit { shift.value.current.siblings = all }.get()
        }
    }

    /// On each worker's own loop.
    func announceEnd(of key: SessionKey) {
        for shift in self.shifts.values {
            shift.eventLoop.execute { shift.value.sessionEnded(key) }
        }
    }

    /// The same for a session that goes on, and may have changed.
    func announceRefresh(of key: SessionKey) {
        for shift in self.shifts.values {
            shift.eventLoop.execute { shift.value.sessionRefreshed(key) }
        }
    }

    /// Puts a new worker on each loop in place of the one that is there, which finishes what it has begun.
    ///
    /// - Returns: what succeeds, for each loop, when nothing is left that began before.
    func replace(_ make: @escaping @Sendable (Worker) -> Worker) async throws -> [EventLoopFuture<Void>] {
        var ends: [EventLoopFuture<Void>] = []
        for shift in self.shifts.values {
            let end = try await shift.eventLoop.submit { shift.value.handOver(to: make(shift.value.current)) }.get()
            ends.append(end)
        }
        return ends
    }

    /// To be called on that loop. Every loop of the group has one.
    func worker(of eventLoop: any EventLoop) -> Worker {
        guard let shift = self.shifts[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("a connection on a loop that is not ours")
        }
        return shift.value.current
    }

    /// Runs something on each loop, and collects what comes of it.
    package func map<Value: Sendable>(_ body: @escaping @Sendable (Shift) -> Value) async throws -> [Value] {
        var values: [Value] = []
        for shift in self.shifts.values {
            values.append(try await shift.eventLoop.submit { body(shift.value) }.get())
        }
        return values
    }

    /// Asks any one worker, on its own loop: for what they all know.
    func ask<Value: Sendable>(
        _ body: @escaping @Sendable (Worker, EventLoopPromise<Value>) -> Void
    ) async throws -> Value {
        guard let shift = self.shifts.values.first else { preconditionFailure("a gateway without workers") }
        return try await shift.eventLoop.flatSubmit {
            let promise = shift.eventLoop.makePromise(of: Value.self)
            body(shift.value.current, promise)
            return promise.futureResult
        }.get()
    }

    /// The same for what takes its time, on all loops at once.
    package func wait(_ body: @escaping @Sendable (Shift) -> EventLoopFuture<Void>) async throws {
        let futures = self.shifts.values.map { shift in shift.eventLoop.flatSubmit { body(shift.value) } }
        for future in futures { try await future.get() }
    }
}
