package import NIOCore

/// Carries out what ``Conversation`` decides on the channel of a ``RedisTracking``.
package final class RedisTrackingHandler: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private var conversation = Conversation()
    private var parser: ReplyParser
    private var context: ChannelHandlerContext?
    private var onEvent: ((RedisTrackingEvent) -> Void)?

    /// When the last question that has been answered was asked; nil until changes are told.
    var confirmed: NIODeadline? { self.conversation.confirmed }

    init(maximumReplyBytes: Int) {
        self.parser = ReplyParser(maximumReplyBytes: maximumReplyBytes)
    }

    /// Begins; `onEvent` gets ``RedisTrackingEvent/ended(_:)`` once, and nothing after it.
    func open(
        _ configuration: RedisConfiguration,
        prefix: String,
        deadline: NIODeadline,
        onEvent: @escaping (RedisTrackingEvent) -> Void
    ) {
        guard self.context != nil else { return onEvent(.ended(.connectionLost("closed while connecting"))) }
        self.onEvent = onEvent
        // The role is for the connection beside this one to check, and the database does not matter: changes are told
        // of all of them.
        let greeting = configuration.greeting.filter { $0.step == .authenticate || $0.step == .name }
        self.send(greeting.map(\.command) + [RedisCommand("CLIENT", "ID")])
        self.conversation.opened(greeting.map(\.step), prefix: prefix, deadline: deadline)
    }

    /// Asks whether the server is still there, and gives up on one that has been silent for too long.
    func ping(now: NIODeadline) {
        self.run(self.conversation.ping(now: now))
    }

    func close(_ error: RedisError) {
        self.run(self.conversation.failed(error))
    }

    private func run(_ action: Conversation.Action) {
        switch action {
        case .none:
            break
        case .send(let commands):
            self.send(commands)
        case .tell(let event):
            self.onEvent?(event)
        case .close(let error):
            let onEvent = self.onEvent
            self.onEvent = nil
            self.context?.close(promise: nil)
            onEvent?(.ended(error))
        }
    }

    private func send(_ commands: [RedisCommand]) {
        guard let context = self.context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 256)
        do {
            for command in commands { try command.append(to: &buffer) }
            context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
        } catch {
            self.close(error)
        }
    }

    // MARK: - Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.close(.connectionLost("the channel was closed"))
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.parser.feed(self.unwrapInboundIn(data))
        do {
            while let reply = try self.parser.next() {
                self.run(self.conversation.received(reply))
            }
        } catch {
            self.close(error)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.close(.connectionLost("the server closed the connection"))
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.close(RedisError(socket: error))
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension RedisTrackingHandler: Sendable {}
