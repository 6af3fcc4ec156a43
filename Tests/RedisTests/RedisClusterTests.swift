import NIOCore
import NIOPosix
import Redis
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisClusterTests {
    @Test func aCommandGoesToTheNodeOfItsSlotAndWhereThatSendsIt() async throws {
        let target = try await FakeRedis.start { $0.words == ["GET", "foo"] ? .raw("$5\r\nfound\r\n") : nil }
        let seed = try await Self.node { $0.words[0] == "GET" ? .raw("-MOVED 12182 \(target.place)\r\n") : nil }
        let cluster = try await TestCluster(seed.configuration)
        #expect(await cluster.send("GET", "foo") == .success(.bytes(Array("found".utf8))))
        #expect(await cluster.send("GET", "foo") == .success(.bytes(Array("found".utf8))))
        try await cluster.close()
    }

    @Test func anotherNodeIsAskedOnceWhenAsked() async throws {
        let target = try await FakeRedis.start { call in
            switch call.words[0] {
            case "ASKING": .raw("+OK\r\n")
            case "GET": .raw("$5\r\nfound\r\n")
            default: nil
            }
        }
        let seed = try await Self.node { $0.words[0] == "GET" ? .raw("-ASK 12182 \(target.place)\r\n") : nil }
        let cluster = try await TestCluster(seed.configuration)
        for _ in 0..<2 { #expect(await cluster.send("GET", "foo") == .success(.bytes(Array("found".utf8)))) }
        #expect(seed.calls.filter { $0.words[0] == "GET" }.count == 2)
        // The slots are asked for now and then.
        let words = target.calls.map { $0.words[0] }.filter { $0 != "CLIENT" && $0 != "CLUSTER" }
        #expect(words == ["ASKING", "GET", "ASKING", "GET"])
        try await cluster.close()
    }

    @Test func nodesThatSendUsRoundAndRoundAreGivenUp() async throws {
        let place = Mutex("")
        let seed = try await Self.node { call in
            call.words[0] == "GET" ? .raw("-MOVED 12182 \(place.withLock { $0 })\r\n") : nil
        }
        place.withLock { $0 = seed.place }
        let cluster = try await TestCluster(seed.configuration)
        guard case .failure(.server(code: "MOVED", _)) = await cluster.send("GET", "foo") else {
            Issue.record("it was not given up")
            return
        }
        #expect(seed.calls.filter { $0.words[0] == "GET" }.count == 6)
        try await cluster.close()
    }

    @Test func whatIsToBeTriedAgainIs() async throws {
        let count = Mutex(0)
        let seed = try await Self.node { call in
            guard call.words[0] == "GET" else { return nil }
            return count.withLock {
                $0 += 1
                return $0 < 3 ? .raw("-TRYAGAIN not yet\r\n") : .raw("$-1\r\n")
            }
        }
        let cluster = try await TestCluster(seed.configuration)
        #expect(await cluster.send("GET", "foo") == .success(.null))
        try await cluster.close()
    }

    @Test func aServerThatIsNoClusterIsSaidToBeNone() async throws {
        let server = try await FakeRedis.start { call in
            call.words[0] == "CLUSTER" ? .raw("-ERR This instance has cluster support disabled\r\n") : nil
        }
        var configuration = server.configuration
        configuration.topology = .cluster
        configuration.seeds = [configuration.address]
        let cluster = try await TestCluster(configuration)
        guard case .failure(.server(code: "ERR", _)) = await cluster.send("GET", "foo") else {
            Issue.record("it was taken for one")
            return
        }
        try await cluster.close()
        #expect(await cluster.send("GET", "foo") == .failure(.closed))
    }

    /// A node that has all slots, by its own account.
    private static func node(_ answer: @escaping @Sendable (FakeRedis.Call) -> FakeRedis.Answer?) async throws
        -> FakeRedis
    {
        let port = Mutex(0)
        let node = try await FakeRedis.start { call in
            guard call.words == ["CLUSTER", "SLOTS"] else { return answer(call) }
            let own = port.withLock { $0 }
            return .raw("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:\(own)\r\n")
        }
        port.withLock { $0 = node.port }
        return node
    }
}

extension FakeRedis {
    fileprivate var port: Int {
        if case .tcp(_, let port) = self.configuration.address { port } else { 0 }
    }

    /// As a redirect names it.
    fileprivate var place: String { "127.0.0.1:\(self.port)" }
}

/// A ``RedisCluster`` for tests that are not on its event loop.
private final class TestCluster: Sendable {
    private let eventLoop: any EventLoop
    private let cluster: NIOLoopBound<any RedisClient>

    init(_ configuration: RedisConfiguration) async throws {
        var configuration = configuration
        configuration.topology = .cluster
        configuration.seeds = [configuration.address]
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        self.eventLoop = eventLoop
        self.cluster = try await eventLoop.submit { [configuration] in
            NIOLoopBound(configuration.client(on: eventLoop), eventLoop: eventLoop)
        }.get()
    }

    func send(_ words: String...) async -> Result<Reply, RedisError> {
        await withCheckedContinuation { continuation in
            self.eventLoop.execute { [cluster] in
                cluster.value.send(RedisCommand(words.map { Array($0.utf8) })) { continuation.resume(returning: $0) }
            }
        }
    }

    func close() async throws {
        try await self.eventLoop.submit { [cluster] in cluster.value.close() }.get()
    }
}
