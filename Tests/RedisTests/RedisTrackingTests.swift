import NIOCore
import NIOPosix
import Redis
import RedisTestServer
import Testing

/// Against redis-server itself.
@Suite(.timeLimit(.minutes(1)))
struct RedisTrackingTests {
    @Test func changesOfOurPrefixAreToldWhoeverMakesThem() async throws {
        let server = try await RedisServer.start()
        let other = try await TestConnection(server.configuration)
        let tracking = try await TestTracking(server.configuration, prefix: "gh:")
        var events = tracking.events
        #expect(await events.next() == .began)
        for words in [["SET", "gh:a", "1"], ["SET", "other", "1"], ["PEXPIRE", "gh:a", "60000"], ["DEL", "gh:a"]] {
            _ = await other.send(RedisCommand(words.map { Array($0.utf8) }))
            if words[1] == "gh:a" { #expect(await events.next() == .changed([Array("gh:a".utf8)])) }
        }
        _ = await other.send("FLUSHALL")
        #expect(await events.next() == .changedAll)
        #expect(try await tracking.becomesCurrent())
        try await tracking.close()
        try await other.close()
        server.stop()
    }

    @Test func whenItsConnectionIsKilledItEndsAndBeginsAgain() async throws {
        let server = try await RedisServer.start()
        let other = try await TestConnection(server.configuration)
        let tracking = try await TestTracking(server.configuration, prefix: "gh:")
        var events = tracking.events
        #expect(await events.next() == .began)
        _ = await other.send("CLIENT", "KILL", "TYPE", "pubsub")
        guard case .ended(.connectionLost) = await events.next() else {
            Issue.record("the loss was not told")
            return
        }
        #expect(await events.next() == .began)
        try await tracking.close()
        try await other.close()
        server.stop()
    }

    @Test func aUserWhoMayNotIsTold() async throws {
        let server = try await RedisServer.start(.unix, "--user", "gate", "on", ">word", "~gh:*", "+get", "+client")
        var configuration = server.configuration
        configuration.user = "gate"
        configuration.password = "word"
        let tracking = try await TestTracking(configuration, prefix: "gh:")
        var events = tracking.events
        guard case .ended(.server(code: "NOPERM", _)) = await events.next() else {
            Issue.record("it was not refused")
            return
        }
        try await tracking.close()
        server.stop()
    }
}

/// A ``RedisTracking`` beside a connection of its own, for tests that are not on its event loop.
private final class TestTracking: Sendable {
    private let eventLoop: any EventLoop
    private let pair: NIOLoopBound<(RedisConnection, RedisTracking)>
    private let stream: AsyncStream<RedisTrackingEvent>

    init(_ configuration: RedisConfiguration, prefix: String) async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let (stream, continuation) = AsyncStream.makeStream(of: RedisTrackingEvent.self)
        self.eventLoop = eventLoop
        self.stream = stream
        self.pair = try await eventLoop.submit {
            let connection = RedisConnection(configuration: configuration, eventLoop: eventLoop)
            connection.start()
            let tracking = RedisTracking(beside: connection, prefix: prefix) { continuation.yield($0) }
            return NIOLoopBound((connection, tracking), eventLoop: eventLoop)
        }.get()
    }

    /// For one reader.
    var events: AsyncStream<RedisTrackingEvent>.Iterator { self.stream.makeAsyncIterator() }

    /// Waits for the first answer to its question.
    func becomesCurrent() async throws -> Bool {
        for _ in 0..<10_000_000 {
            if try await self.eventLoop.submit({ [pair] in pair.value.1.isCurrent }).get() { return true }
        }
        return false
    }

    func close() async throws {
        try await self.eventLoop.submit { [pair] in
            pair.value.1.close()
            pair.value.0.close()
        }.get()
    }
}
