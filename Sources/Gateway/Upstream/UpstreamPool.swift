import Access
import NIOCore
import NIOPosix

/// This worker's connections to the upstreams. Only a permit leases one, and only `Route.decide` makes a permit.
final class UpstreamPool {
    /// Called once, at once or later, on the worker's loop.
    typealias Completion = (Result<UpstreamHandler, Fault>) -> Void

    private let eventLoop: any EventLoop
    private let addresses: [UpstreamAddress]
    private let timeouts: Configuration.Timeouts
    private let idleLimit: Int
    /// For each upstream the connections that wait, the most recently used last.
    private var idle: [[UpstreamHandler]]
    /// All open connections, idle or leased.
    private(set) var openConnections = 0
    private(set) var connectionsMade = 0
    /// For each upstream that speaks HTTP/2 its connections, which carry several exchanges at once.
    var multiplexed: [[HTTP2UpstreamConnection]]

    init(eventLoop: any EventLoop, configuration: Configuration) {
        self.eventLoop = eventLoop
        self.addresses = configuration.upstreams
        self.timeouts = configuration.timeouts
        self.idleLimit = configuration.limits.upstreamIdleConnections
        self.idle = Array(repeating: [], count: configuration.upstreams.count)
        self.multiplexed = Array(repeating: [], count: configuration.upstreams.count)
    }

    func address(of permit: Permit) -> UpstreamAddress {
        self.addresses[permit.route.upstream]
    }

    /// Lends a connection to the permit's upstream: an idle one, the hottest first, or a new one.
    ///
    /// - Parameter fresh: never an idle one, for a second try after an idle one turned out dead.
    func lease(_ permit: Permit, fresh: Bool = false, _ completion: @escaping Completion) {
        let upstream = permit.route.upstream
        if !fresh, let connection = self.idle[upstream].popLast() {
            completion(.success(connection))
        } else if self.addresses[upstream].speaksHTTP2 {
            self.openStream(upstream, completion)
        } else {
            self.connect(upstream, completion)
        }
    }

    /// Takes a connection back whose last exchange ended cleanly.
    func giveBack(_ connection: UpstreamHandler) {
        if self.idle[connection.upstream].count < self.idleLimit {
            connection.deadline = .now() + self.timeouts.upstreamKeepAlive
            self.idle[connection.upstream].append(connection)
        } else {
            connection.close()
        }
    }

    /// Forgets a connection that has closed.
    func closed(_ connection: UpstreamHandler) {
        self.openConnections -= 1
        self.idle[connection.upstream].removeAll { $0 === connection }
    }

    /// Closes what has been idle for too long. The oldest are in front.
    func closeExpired(now: NIODeadline) {
        for upstream in self.idle.indices {
            let expired = self.idle[upstream].prefix { $0.deadline <= now }
            self.idle[upstream].removeFirst(expired.count)
            for connection in expired { connection.close() }
            for connection in self.multiplexed[upstream] where connection.openStreams == 0 {
                if now >= connection.idleSince + self.timeouts.upstreamKeepAlive { connection.close() }
            }
        }
    }

    func closeIdle() {
        let connections = self.idle.joined()
        self.idle = Array(repeating: [], count: self.addresses.count)
        for connection in connections { connection.close() }
        for connection in self.multiplexed.joined() { connection.close() }
    }

    private func connect(_ upstream: Int, _ completion: @escaping Completion) {
        let poolBox = NIOLoopBound(self, eventLoop: self.eventLoop)
        let channel = self.connected(to: upstream) { channel in
            let handler = UpstreamHandler(upstream: upstream, pool: poolBox.value)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        channel.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel):
                do {
                    let handler = try channel.pipeline.syncOperations.handler(type: UpstreamHandler.self)
                    self.openConnections += 1
                    self.connectionsMade += 1
                    completion(.success(handler))
                } catch {
                    completion(.failure(.upstreamUnreachable))
                }
            case .failure(let error):
                completion(.failure(Self.fault(error)))
            }
        }
    }

    /// A new channel to the upstream, with whatever pipeline `prepare` gives it.
    private func connected(
        to upstream: Int,
        _ prepare: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let address = self.addresses[upstream]
        let bootstrap = ClientBootstrap(group: self.eventLoop)
            .connectTimeout(self.timeouts.upstreamConnect)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try prepare(channel) } }
        if let literal = try? SocketAddress(ipAddress: address.host, port: address.port) {
            return bootstrap.connect(to: literal)
        }
        return bootstrap.connect(host: address.host, port: address.port)
    }

    private static func fault(_ error: any Error) -> Fault {
        var fault = Self.isTimeout(error) ? Fault.upstreamConnectTimeout : Fault.upstreamUnreachable
        fault.detail = "\(error)"
        return fault
    }

    /// Lends a stream on a connection that has room for one, or on a new connection.
    private func openStream(_ upstream: Int, _ completion: @escaping Completion) {
        if let connection = self.multiplexed[upstream].first(where: \.hasRoom) {
            return self.openStream(on: connection, upstream, completion)
        }
        let connection = HTTP2UpstreamConnection { [weak self] closed in
            self?.multiplexed[upstream].removeAll { $0 === closed }
        }
        let box = NIOLoopBound(connection, eventLoop: self.eventLoop)
        let channel = self.connected(to: upstream) { try box.value.add(to: $0) }
        channel.assumeIsolated().whenComplete { result in
            switch result {
            case .success:
                self.multiplexed[upstream].append(connection)
                self.connectionsMade += 1
                self.openStream(on: connection, upstream, completion)
            case .failure(let error):
                completion(.failure(Self.fault(error)))
            }
        }
    }

    private func openStream(on connection: HTTP2UpstreamConnection, _ upstream: Int, _ completion: @escaping Completion)
    {
        connection.open(upstream: upstream, pool: self) { handler in
            guard let handler else { return completion(.failure(.upstreamUnreachable)) }
            self.openConnections += 1
            completion(.success(handler))
        }
    }

    private static func isTimeout(_ error: any Error) -> Bool {
        if let error = error as? ChannelError, case .connectTimeout = error { return true }
        if let error = error as? NIOConnectionError {
            return !error.connectionErrors.isEmpty && error.connectionErrors.allSatisfy { Self.isTimeout($0.error) }
        }
        return false
    }
}

@available(*, unavailable)
extension UpstreamPool: Sendable {}
