import NIOCore
import NIOPosix

/// Asks the same thing over and over, one at a time.
protocol Asking: ChannelHandler {
    func begin(times: Int) -> EventLoopFuture<Void>
}

/// How often it has still to ask, and who waits for the last answer.
struct AskingTurns {
    private var left = 0
    private var promise: EventLoopPromise<Void>?

    mutating func begin(_ times: Int, _ context: ChannelHandlerContext?) -> EventLoopFuture<Void> {
        guard let context else { preconditionFailure("a handler that is in no pipeline") }
        let promise = context.eventLoop.makePromise(of: Void.self)
        self.left = times
        self.promise = promise
        return promise.futureResult
    }

    /// The answer is here. Returns whether there is another turn.
    mutating func answered() -> Bool {
        self.left -= 1
        guard self.left == 0 else { return true }
        self.promise?.succeed()
        self.promise = nil
        return false
    }

    func fail(_ error: any Error) {
        self.promise?.fail(error)
    }
}

/// A browser with one connection.
struct Browser: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<any Asking>

    struct Refused: Error {
        let answer: String
    }

    static func connect(
        to port: Int,
        on eventLoop: any EventLoop,
        _ asking: @escaping @Sendable () -> any Asking
    ) async throws -> Browser {
        let channel = try await ClientBootstrap(group: eventLoop).connect(host: "127.0.0.1", port: port).get()
        let handler = try await channel.eventLoop.submit {
            let handler = asking()
            try channel.pipeline.syncOperations.addHandler(handler)
            return NIOLoopBound(handler, eventLoop: channel.eventLoop)
        }.get()
        return Browser(channel: channel, handler: handler)
    }

    func ask(times: Int) async throws {
        try await self.channel.eventLoop.flatSubmit { [handler] in handler.value.begin(times: times) }.get()
    }

    func close() async throws {
        try await self.channel.close()
    }
}

/// In HTTP/1.1.
final class AskingHandler: Asking, ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private let request: ByteBuffer
    private var received = ByteBuffer()
    private var turns = AskingTurns()

    init(_ request: ByteBuffer) {
        self.request = request
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.turns.fail(ChannelError.eof)
    }

    func begin(times: Int) -> EventLoopFuture<Void> {
        let end = self.turns.begin(times, self.context)
        self.ask()
        return end
    }

    private func ask() {
        self.received.clear()
        self.context?.writeAndFlush(self.wrapOutboundOut(self.request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received.writeImmutableBuffer(self.unwrapInboundIn(data))
        let answer = String(buffer: self.received)
        guard answer.hasPrefix("HTTP/1.1 200 OK\r\n") else {
            self.turns.fail(Browser.Refused(answer: answer))
            return context.close(promise: nil)
        }
        let isEmpty = answer.contains("\r\nContent-Length: 0\r\n")
        guard answer.hasSuffix(isEmpty ? "\r\n\r\n" : "\r\n\r\nhello") else { return }
        if self.turns.answered() { self.ask() }
    }
}
