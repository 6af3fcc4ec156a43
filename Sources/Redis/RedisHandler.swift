package import NIOCore

/// Carries out what ``StateMachine`` decides on one channel: formats, writes, parses, keeps time.
///
/// Commands of one turn of the event loop go out together: each is appended to one buffer, which is written and
/// flushed once, at the end of the turn. One coarse timer watches all deadlines, and runs only while answers are awaited.
package final class RedisHandler: ChannelInboundHandler, NIOScheduledCallbackHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer
    package typealias Completion = (Result<Reply, RedisError>) -> Void

    private let configuration: RedisConfiguration
    private var machine: StateMachine<Completion>
    private var parser: ReplyParser
    private var context: ChannelHandlerContext?
    /// Commands of this turn, not yet written.
    private var outbound = ByteBuffer()
    private var isFlushScheduled = false
    private var timer: NIOScheduledCallback?
    private var tickDue = NIODeadline.distantPast
    /// The last tick was let pass, see `handleScheduledCallback`.
    private var hasLetPass = false
    /// hiredis is fed no more than this at once: behind each reply it moves all that it holds to the front.
    private static let step = 4096
    private var onReady: (() -> Void)?
    private var onClosed: ((RedisError) -> Void)?

    package init(configuration: RedisConfiguration) {
        self.configuration = configuration
        self.machine = StateMachine(maximumPendingCommands: configuration.maximumPendingCommands)
        self.parser = ReplyParser(maximumReplyBytes: configuration.maximumReplyBytes)
    }

    /// Greets the server. Exactly one of the two is called, possibly at once, and `onClosed` once more after `onReady`.
    package func open(
        deadline: NIODeadline,
        onReady: @escaping () -> Void,
        onClosed: @escaping (RedisError) -> Void
    ) {
        let greeting = self.configuration.greeting
        switch self.machine.open(greeting.map(\.step), deadline: deadline) {
        case .writeGreeting:
            self.onReady = onReady
            self.onClosed = onClosed
            for (_, command) in greeting {
                do {
                    try command.append(to: &self.outbound)
                } catch {
                    return self.run(self.machine.failed(error))
                }
            }
            self.flush()
            self.scheduleTick()
        case .fail(let error):
            onClosed(error)
        }
    }

    /// Sends a command. The completion is called once, at once when the command is not taken.
    package func send(_ command: RedisCommand, _ completion: @escaping Completion) {
        let mark = self.outbound.writerIndex
        do {
            try command.append(to: &self.outbound)
        } catch {
            return completion(.failure(error))
        }
        switch self.machine.send(completion, deadline: self.now + self.configuration.commandTimeout) {
        case .write(let startTicking):
            self.scheduleFlush()
            if startTicking {
                self.scheduleTick()
            }
        case .fail(let error):
            self.outbound.moveWriterIndex(to: mark)
            completion(.failure(error))
        }
    }

    /// Ends the conversation; what is pending fails with ``RedisError/closed``.
    package func close() {
        self.fail(.closed)
    }

    /// Ends the conversation for another reason.
    func fail(_ error: RedisError) {
        self.run(self.machine.failed(error))
    }

    /// Whether it is a primary we want and no replica.
    private var isPrimary: Bool {
        if case .sentinel = self.configuration.topology { true } else { false }
    }

    private func run(_ action: StateMachine<Completion>.Action) {
        switch action {
        case .none:
            break
        case .complete(let completion, let result):
            completion(result)
            if case .failure(let error) = result, self.isPrimary, error.meansAnotherPrimary {
                self.run(self.machine.failed(.connectionLost("the server is not the primary any more")))
            }
        case .becomeReady:
            self.onReady?()
        case .tickAgain:
            self.scheduleTick()
        case .close(let error, let failures):
            self.timer?.cancel()
            self.timer = nil
            self.outbound.clear()
            self.context?.close(promise: nil)
            let onClosed = self.onClosed
            self.onReady = nil
            self.onClosed = nil
            // First the connection, so that a command sent from a completion waits for the next channel.
            onClosed?(error)
            for failure in failures {
                failure.completion(.failure(failure.error))
            }
        }
    }

    // MARK: - One flush a turn

    private func scheduleFlush() {
        guard !self.isFlushScheduled, let context = self.context else { return }
        self.isFlushScheduled = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.flush()
        }
    }

    private func flush() {
        guard let context = self.context, self.outbound.readableBytes > 0 else { return }
        context.writeAndFlush(self.wrapOutboundOut(self.outbound), promise: nil)
        // The socket has usually taken it all by now; then we are the only owner and the memory is used again.
        // What a burst needed is given back.
        if self.outbound.capacity <= 64 * 1024 {
            self.outbound.clear()
        } else {
            self.outbound = ByteBuffer()
        }
    }

    // MARK: - Deadlines

    /// A quarter of the command timeout, so that a late answer is noticed at most a quarter late.
    private var tickInterval: TimeAmount {
        let quarter = self.configuration.commandTimeout.nanoseconds / 4
        return .nanoseconds(min(max(quarter, 1_000_000), 250_000_000))
    }

    private var now: NIODeadline { self.context?.eventLoop.now ?? .now() }

    private func scheduleTick() {
        guard let context = self.context else { return }
        self.tickDue = context.eventLoop.now + self.tickInterval
        // Fails only when the event loop has shut down, and then nobody waits.
        self.timer = try? context.eventLoop.assumeIsolated().scheduleCallback(in: self.tickInterval, handler: self)
    }

    package func handleScheduledCallback(eventLoop: some EventLoop) {
        self.timer = nil
        let now = eventLoop.now
        // When it is us who are late, the answer may be here and only not have been read: one more turn for that.
        guard self.hasLetPass || now - self.tickDue < self.tickInterval else {
            self.hasLetPass = true
            return self.scheduleTick()
        }
        self.hasLetPass = false
        self.run(self.machine.tick(now: now))
    }

    // MARK: - Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.run(self.machine.failed(.connectionLost("the channel was closed")))
        self.context = nil
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        do {
            while bytes.readableBytes > 0, let piece = bytes.readSlice(length: min(bytes.readableBytes, Self.step)) {
                self.parser.feed(piece)
                while let reply = try self.parser.next() {
                    self.run(self.machine.received(reply))
                }
            }
        } catch {
            self.run(self.machine.failed(error))
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.run(self.machine.failed(.connectionLost("the server closed the connection")))
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.run(self.machine.failed(RedisError(socket: error)))
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension RedisHandler: Sendable {}
