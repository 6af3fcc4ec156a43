import NIOCore
import NIOPosix
import Redis
import RedisTestServer
import Synchronization

/// A server that speaks RESP and answers as the test says, on a loopback port of its own.
final class FakeRedis: Sendable {
    /// One command as it arrived.
    struct Call: Equatable, Sendable {
        /// Which connection it came on, counted from 1.
        let connection: Int
        let words: [String]
    }

    /// What happens to a command.
    enum Answer: Sendable {
        /// These bytes, as they are.
        case raw(String)
        /// Nothing, ever.
        case silence
        /// These bytes, and then the end of the connection.
        case rawThenClose(String)
    }

    private struct Seen {
        var connections = 0
        var calls: [Call] = []
    }

    private let answer: @Sendable (Call) -> Answer?
    private let seen = Mutex(Seen())
    private let listener = Mutex<(any Channel)?>(nil)

    private init(answer: @escaping @Sendable (Call) -> Answer?) {
        self.answer = answer
    }

    /// Starts a server. `answer` may return nil: `+OK` for what a connection begins with, `$-1` for all else.
    static func start(answer: @escaping @Sendable (Call) -> Answer? = { _ in nil }) async throws -> FakeRedis {
        let server = FakeRedis(answer: answer)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FakeRedisHandler(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.listener.withLock { $0 = listener }
        return server
    }

    /// How to reach it. Patient, because the machine that runs the tests may be busy.
    var configuration: RedisConfiguration {
        let port = self.listener.withLock { $0?.localAddress?.port } ?? 0
        return RedisConfiguration(patientlyAt: .tcp(host: "127.0.0.1", port: port))
    }

    /// What has arrived, in order.
    var calls: [Call] { self.seen.withLock { $0.calls } }

    fileprivate func connected() -> Int {
        self.seen.withLock {
            $0.connections += 1
            return $0.connections
        }
    }

    fileprivate func received(_ call: Call) -> Answer {
        self.seen.withLock { $0.calls.append(call) }
        if let answer = self.answer(call) { return answer }
        return ["AUTH", "SELECT", "CLIENT"].contains(call.words[0]) ? .raw("+OK\r\n") : .raw("$-1\r\n")
    }
}

/// One connection of a ``FakeRedis``.
private final class FakeRedisHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: FakeRedis
    private let connection: Int
    private var parser = ReplyParser(maximumReplyBytes: 64 * 1024 * 1024)

    init(_ server: FakeRedis) {
        self.server = server
        self.connection = server.connected()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.parser.feed(self.unwrapInboundIn(data))
        do {
            while case .array(let arguments) = try self.parser.next() {
                let words = arguments.map { argument in
                    guard case .bytes(let bytes) = argument else { return "?" }
                    return String(decoding: bytes, as: UTF8.self)
                }
                switch self.server.received(FakeRedis.Call(connection: self.connection, words: words)) {
                case .raw(let text):
                    context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .silence:
                    break
                case .rawThenClose(let text):
                    context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                    return context.close(promise: nil)
                }
            }
        } catch {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension FakeRedisHandler: Sendable {}
