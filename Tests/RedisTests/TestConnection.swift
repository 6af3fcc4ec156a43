import NIOCore
import NIOPosix
import Redis
import Synchronization
import Testing

/// A ``RedisConnection`` on an event loop of its own accord, for tests that are not on it.
final class TestConnection: Sendable {
    private let eventLoop: any EventLoop
    private let connection: NIOLoopBound<RedisConnection>
    private let eventStream: AsyncStream<RedisConnectionEvent>

    init(_ configuration: RedisConfiguration) async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let (stream, continuation) = AsyncStream.makeStream(of: RedisConnectionEvent.self)
        self.eventLoop = eventLoop
        self.eventStream = stream
        self.connection = try await eventLoop.submit {
            let connection = RedisConnection(configuration: configuration, eventLoop: eventLoop) { event in
                continuation.yield(event)
            }
            return NIOLoopBound(connection, eventLoop: eventLoop)
        }.get()
    }

    /// What happens to the connection, from its beginning. For one reader.
    var events: AsyncStream<RedisConnectionEvent>.Iterator { self.eventStream.makeAsyncIterator() }

    func start() {
        self.eventLoop.execute { self.connection.value.start() }
    }

    var isReady: Bool {
        get async throws { try await self.eventLoop.submit { self.connection.value.isReady }.get() }
    }

    func close() async throws {
        try await self.eventLoop.submit { self.connection.value.close() }.get()
    }

    func send(_ command: RedisCommand) async -> Result<Reply, RedisError> {
        await self.send([command])[0]
    }

    func send(_ words: String...) async -> Result<Reply, RedisError> {
        await self.send(RedisCommand(words.map { Array($0.utf8) }))
    }

    /// Sends it again and again, for tests with timeouts that a busy machine may reach.
    func sendUntilAnswered(_ words: String...) async -> Reply {
        while true {
            if case .success(let reply) = await self.send(RedisCommand(words.map { Array($0.utf8) })) {
                return reply
            }
        }
    }

    /// Sends all of them in one turn of the event loop; `then` runs in the same turn.
    func send(
        _ commands: [RedisCommand],
        then: (@Sendable (RedisConnection) -> Void)? = nil
    ) async -> [Result<Reply, RedisError>] {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                let answers = Answers(count: commands.count, continuation)
                for (index, command) in commands.enumerated() {
                    self.connection.value.send(command) { answers.set(index, $0) }
                }
                then?(self.connection.value)
            }
        }
    }
}

extension AsyncStream<RedisConnectionEvent>.Iterator {
    /// The next event that changes something. The Sentinels are given half a second, which a busy machine may need.
    mutating func nextChange(isolation: isolated (any Actor)? = #isolation) async -> RedisConnectionEvent? {
        while let event = await self.next(isolation: isolation) {
            guard case .attemptFailed = event else { return event }
        }
        return nil
    }
}

/// The answers to several commands. Each may be given once.
private final class Answers {
    private var answers: [Result<Reply, RedisError>?]
    private var missing: Int
    private let continuation: CheckedContinuation<[Result<Reply, RedisError>], Never>

    init(count: Int, _ continuation: CheckedContinuation<[Result<Reply, RedisError>], Never>) {
        self.answers = Array(repeating: nil, count: count)
        self.missing = count
        self.continuation = continuation
    }

    func set(_ index: Int, _ answer: Result<Reply, RedisError>) {
        #expect(self.answers[index] == nil, "a completion is called once")
        self.answers[index] = answer
        self.missing -= 1
        if self.missing == 0 {
            self.continuation.resume(returning: self.answers.compactMap { $0 })
        }
    }
}
