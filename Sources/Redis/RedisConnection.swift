package import NIOCore

/// What happens to a connection, for logs and counters.
package enum RedisConnectionEvent: Equatable, Sendable {
    /// The server took the greeting; commands go through.
    case ready
    /// An attempt to connect failed; the next one begins after the time given.
    case attemptFailed(RedisError, retryIn: TimeAmount)
    /// A connection that was ready is gone; the next attempt begins after the time given.
    case lost(RedisError, retryIn: TimeAmount)
}

/// One pipelined connection to one Redis, which comes back by itself after a failure. With Sentinels it asks them each
/// time where the primary is.
///
/// It belongs to its event loop: every member is used there and every closure called there. It connects with `start()`
/// or the first command. A command is never sent twice: what was on the wire when the connection broke fails, because
/// it may have been carried out. `close()` it before letting go; until then the connection keeps itself alive.
package final class RedisConnection: RedisClient {
    /// Gets the answer, or why there is none. Error replies are ``RedisError/server(code:message:)``.
    package typealias Completion = (Result<Reply, RedisError>) -> Void

    let configuration: RedisConfiguration
    let eventLoop: any EventLoop
    private let onEvent: (RedisConnectionEvent) -> Void
    private var machine: StateMachine<Completion>
    private let sentinels: RedisSentinels?
    private var handler: RedisHandler?
    /// Where the channel in use leads to; nil when there is none that is ready.
    private(set) var server: Server?
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
        if case .sentinel(let primary) = configuration.topology {
            self.sentinels = RedisSentinels(configuration, primary: primary, eventLoop: eventLoop)
        } else {
            self.sentinels = nil
        }
    }

    /// A server as configured or named by Sentinels, and what that name stood for.
    struct Server: Equatable {
        let address: RedisConfiguration.Address
        let resolved: SocketAddress?
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
        // Whoever comes first waits for the first connection; later a command waits as long as for an answer.
        let patience =
            self.machine.hasBeenReady ? self.configuration.commandTimeout : self.configuration.connectTimeout
        let deadline = self.eventLoop.now + patience
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
            self.server = nil
            let backoff = self.configuration.backoff
            let delay = backoff.delay(afterFailures: failures, chance: .random(in: 0...1))
            self.backoffTimer = self.eventLoop.assumeIsolated().scheduleTask(in: delay) {
                self.run(self.machine.backoffPassed())
            }
            self.onEvent(wasReady ? .lost(error, retryIn: delay) : .attemptFailed(error, retryIn: delay))
            // Their commands were never sent.
            let reason = error.isLasting || error.refusal != nil ? error : .unavailable(error.debugDescription)
            for waiting in failing {
                waiting.completion(.failure(reason))
            }
        case .close(let failing):
            self.backoffTimer?.cancel()
            self.cancelWaitTimer()
            self.sentinels?.close()
            self.handler?.close()
            self.handler = nil
            self.server = nil
            for waiting in failing {
                waiting.completion(.failure(.closed))
            }
        }
    }

    // MARK: - Connecting

    private func connect() {
        let deadline = self.eventLoop.now + self.configuration.connectTimeout
        guard let sentinels = self.sentinels else {
            return self.connect(to: self.configuration.address, deadline: deadline)
        }
        sentinels.locate { result in
            guard self.machine.wantsChannel else { return }
            switch result {
            case .success(let address): self.connect(to: address, deadline: deadline)
            case .failure(let error): self.run(self.machine.failed(error))
            }
        }
    }

    private func connect(to address: RedisConfiguration.Address, deadline: NIODeadline) {
        let configuration = self.configuration
        configuration.openSocket(to: address, on: self.eventLoop) { RedisHandler(configuration: configuration) }
            .assumeIsolated().whenComplete { result in
                switch result {
                case .success(let channel):
                    self.greet(channel, at: address, deadline: deadline)
                case .failure(let error):
                    self.run(self.machine.failed(RedisError(socket: error)))
                }
            }
    }

    /// Only now, when one of the channels that NIO tried has won.
    private func greet(_ channel: any Channel, at address: RedisConfiguration.Address, deadline: NIODeadline) {
        guard self.machine.wantsChannel else {
            return channel.close(promise: nil)
        }
        do {
            let handler = try channel.pipeline.syncOperations.handler(type: RedisHandler.self)
            self.handler = handler
            handler.open(
                deadline: deadline,
                onReady: {
                    self.server = Server(address: address, resolved: channel.remoteAddress)
                    // The Sentinels go on watching: a primary that has been replaced may not know it yet.
                    self.sentinels?.watch(address) { self.leave() }
                    self.run(self.machine.becameReady(at: self.eventLoop.now))
                },
                onClosed: { self.run(self.machine.failed($0, at: self.eventLoop.now)) }
            )
        } catch {
            // The channel was closed before we heard of it.
            self.run(self.machine.failed(RedisError(socket: error)))
        }
    }

    /// The primary is elsewhere now.
    private func leave() {
        self.handler?.fail(.connectionLost("the Sentinels name another primary"))
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
