package import NIOCore
internal import NIOPosix
internal import NIOSSL

/// What happens to a connection, for logs and counters.
package enum RedisConnectionEvent: Equatable, Sendable {
    /// The server took the greeting; commands go through.
    case ready
    /// An attempt to connect failed; the next one begins after the time given.
    case attemptFailed(RedisError, retryIn: TimeAmount)
    /// A connection that was ready is gone; the next attempt begins after the time given.
    case lost(RedisError, retryIn: TimeAmount)
}

/// One pipelined connection to one Redis, which comes back by itself after a failure.
///
/// It belongs to its event loop: every member is used there and every closure called there. It connects with `start()`
/// or the first command. A command is never sent twice: what was on the wire when the connection broke fails, because
/// it may have been carried out. `close()` it before letting go; until then the connection keeps itself alive.
package final class RedisConnection {
    /// Gets the answer, or why there is none. Error replies are ``RedisError/server(code:message:)``.
    package typealias Completion = (Result<Reply, RedisError>) -> Void

    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let onEvent: (RedisConnectionEvent) -> Void
    private var machine: StateMachine<Completion>
    private var handler: RedisHandler?
    private var backoffTimer: Scheduled<Void>?
    private var waitTimer: Scheduled<Void>?

    /// A connection that is not begun yet. Called on `eventLoop`, which must be one of NIOPosix.
    package init(
        configuration: RedisConfiguration,
        eventLoop: any EventLoop,
        onEvent: @escaping (RedisConnectionEvent) -> Void = { _ in }
    ) {
        eventLoop.preconditionInEventLoop()
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.onEvent = onEvent
        self.machine = StateMachine(maximumWaiting: configuration.maximumPendingCommands)
    }

    /// Whether a command sent now goes straight to the server.
    package var isReady: Bool { self.machine.isReady }

    /// Connects, if that has not begun. Failures go to `onEvent`.
    package func start() {
        self.run(self.machine.start())
    }

    /// Sends a command. The completion is called once: with the answer, after the command timeout, when the connection
    /// ends, or after the connect timeout when there is none. It may be called before `send` returns.
    package func send(_ command: RedisCommand, _ completion: @escaping Completion) {
        self.eventLoop.assertInEventLoop()
        // The hot path: the handler has a deadline of its own to compute.
        if self.machine.isReady, let handler = self.handler {
            return handler.send(command, completion)
        }
        let deadline = self.eventLoop.now + self.configuration.connectTimeout
        switch self.machine.send(command, completion, deadline: deadline) {
        case .wait(let connect, let wakeUp):
            if wakeUp {
                self.scheduleWaitTimer(at: deadline)
            }
            if connect {
                self.connect()
            }
        case .fail(let error):
            completion(.failure(error))
        }
    }

    /// Closes for good. What is pending or waiting fails with ``RedisError/closed``; so does what comes later.
    package func close() {
        self.run(self.machine.close())
    }

    private func run(_ action: StateMachine<Completion>.Action) {
        self.eventLoop.assertInEventLoop()
        switch action {
        case .none:
            break
        case .connect:
            self.connect()
        case .write(let commands):
            self.cancelWaitTimer()
            self.onEvent(.ready)
            // `send` looks at the state each time: `onEvent` or a completion may have closed us.
            for waiting in commands {
                self.send(waiting.command, waiting.completion)
            }
        case .retry(let error, let failures, let wasReady, let failing):
            self.handler = nil
            let delay = self.configuration.backoff.delay(afterFailures: failures, chance: .random(in: 0...1))
            self.backoffTimer = self.eventLoop.assumeIsolated().scheduleTask(in: delay) {
                self.run(self.machine.backoffPassed())
            }
            self.onEvent(wasReady ? .lost(error, retryIn: delay) : .attemptFailed(error, retryIn: delay))
            for waiting in failing {
                waiting.completion(.failure(error))
            }
        case .close(let failing):
            self.backoffTimer?.cancel()
            self.cancelWaitTimer()
            self.handler?.close()
            self.handler = nil
            for waiting in failing {
                waiting.completion(.failure(.closed))
            }
        }
    }

    // MARK: - Connecting

    private func connect() {
        let deadline = self.eventLoop.now + self.configuration.connectTimeout
        self.openSocket().assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel):
                self.greet(channel, deadline: deadline)
            case .failure(let error):
                self.run(self.machine.failed(RedisError(socket: error)))
            }
        }
    }

    /// A channel with TLS and our handler in it. With several addresses for a name NIO tries them, and makes a
    /// pipeline, several times; so the greeting waits until one has won.
    private func openSocket() -> EventLoopFuture<any Channel> {
        let configuration = self.configuration
        let bootstrap = ClientBootstrap(group: self.eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls = configuration.tls {
                        let name = tls.serverName ?? configuration.address.hostName
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls.context, serverHostname: name))
                    }
                    try pipeline.addHandler(RedisHandler(configuration: configuration))
                }
            }
        switch configuration.address {
        case .unix(let path):
            return bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port):
            // Idle connections that a firewall forgets are found out before a request has to.
            let bootstrap = bootstrap.channelOption(.socketOption(.so_keepalive), value: 1)
            if let address = try? SocketAddress(ipAddress: host, port: port) {
                return bootstrap.connect(to: address)
            }
            return bootstrap.connect(host: host, port: port)
        }
    }

    private func greet(_ channel: any Channel, deadline: NIODeadline) {
        guard self.machine.wantsChannel else {
            return channel.close(promise: nil)
        }
        do {
            let handler = try channel.pipeline.syncOperations.handler(type: RedisHandler.self)
            self.handler = handler
            handler.open(
                deadline: deadline,
                onReady: { self.run(self.machine.becameReady()) },
                onClosed: { self.run(self.machine.failed($0)) }
            )
        } catch {
            // The channel was closed before we heard of it.
            self.run(self.machine.failed(RedisError(socket: error)))
        }
    }

    // MARK: - Commands that wait

    private func scheduleWaitTimer(at deadline: NIODeadline) {
        self.waitTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            let expiry = self.machine.deadlinePassed(now: self.eventLoop.now)
            if let next = expiry.next {
                self.scheduleWaitTimer(at: next)
            }
            for waiting in expiry.expired {
                waiting.completion(.failure(expiry.error))
            }
        }
    }

    private func cancelWaitTimer() {
        self.waitTimer?.cancel()
        self.waitTimer = nil
    }
}

@available(*, unavailable)
extension RedisConnection: Sendable {}

extension RedisConfiguration.Address {
    /// The name to ask for in TLS; an IP address is none (RFC 6066 section 3).
    fileprivate var hostName: String? {
        guard case .tcp(let host, _) = self, (try? SocketAddress(ipAddress: host, port: 0)) == nil else { return nil }
        return host
    }
}

extension RedisError {
    /// What the socket or the TLS library reports.
    init(socket error: any Error) {
        switch error {
        case NIOSSLError.handshakeFailed, is NIOSSLExtraError:
            self = .tls(String(describing: error))
        case ChannelError.connectTimeout:
            self = .timeout
        default:
            self = .connectionLost(String(describing: error))
        }
    }
}
