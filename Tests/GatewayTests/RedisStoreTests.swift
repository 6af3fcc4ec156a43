import Access
import Gateway
import NIOCore
import NIOPosix
import Redis
import RedisTestServer
import TestSupport
import Testing

/// The store in a real Redis.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct RedisStoreTests {
    @Test func itKeepsWhatEveryStorePromises() async throws {
        let server = try await RedisServer.start()
        defer { server.stop() }
        let client = try await Client(server.configuration)
        try await checkSessionStoreContract(client.driver) { try await client.letTimePass($0) }
        try await client.close()
    }

    @Test func severalGatewaysShareARedisUnderTheirPrefixes() async throws {
        let server = try await RedisServer.start()
        defer { server.stop() }
        let one = try await Client(server.configuration, keyPrefix: "one:")
        let other = try await Client(server.configuration, keyPrefix: "other:")
        let key = Ticket.make().key
        try await one.driver.save(key, [1], expiresIn: .seconds(60))
        #expect(try await other.driver.load(key) == nil)
        #expect(try await one.driver.claim([1], expiresIn: .seconds(60)))
        #expect(try await other.driver.claim([1], expiresIn: .seconds(60)))
        #expect(try await Set(one.keys()) == ["one:session:{\(key.hex)}", "one:once:01", "other:once:01"])
        try await one.close()
        try await other.close()
    }

    @Test func aBucketIsSharedAndFillsUpAgain() async throws {
        let server = try await RedisServer.start()
        defer { server.stop() }
        let one = try await Client(server.configuration)
        let other = try await Client(server.configuration)
        let minute = Duration.seconds(60)
        for _ in 0..<2 {
            #expect(try await one.driver.takeToken(of: [1], limit: 4, per: minute) == true)
            #expect(try await other.driver.takeToken(of: [1], limit: 4, per: minute) == true)
        }
        #expect(try await one.driver.takeToken(of: [1], limit: 4, per: minute) == false)
        #expect(try await other.driver.takeToken(of: [1], limit: 4, per: minute) == false)
        #expect(try await one.driver.takeToken(of: [2], limit: 4, per: minute) == true, "another bucket")
        #expect(try await one.driver.takeToken(of: [3], limit: 1, per: .milliseconds(50)) == true)
        while try await other.driver.takeToken(of: [3], limit: 1, per: .milliseconds(50)) == false {}
        try await one.close()
        try await other.close()
    }

    @Test(arguments: ["", "x", "\u{1}1234567", "\u{2}12345678box"])
    func aRecordNotWrittenByUsIsAFault(_ value: String) async throws {
        let server = try await RedisServer.start()
        defer { server.stop() }
        let client = try await Client(server.configuration)
        let key = Ticket.make().key
        _ = try await client.send("SET", "gatehouse:session:{\(key.hex)}", value)
        let fault = await #expect(throws: StoreFault.self) { try await client.driver.load(key) }
        #expect(fault?.kind == .unknownRecord)
        try await client.close()
    }

    @Test func anotherTypeUnderOurKeyIsAFault() async throws {
        let server = try await RedisServer.start()
        defer { server.stop() }
        let client = try await Client(server.configuration)
        let key = Ticket.make().key
        _ = try await client.send("LPUSH", "gatehouse:session:{\(key.hex)}", "x")
        let fault = await #expect(throws: StoreFault.self) { try await client.driver.load(key) }
        #expect(fault?.kind == .refused)
        try await client.close()
    }

    @Test func aRedisThatIsGoneIsAFaultAndNotAnAbsentSession() async throws {
        let server = try await RedisServer.start()
        var configuration = server.configuration
        configuration.connectTimeout = .milliseconds(1)
        let client = try await Client(configuration)
        server.stop()
        let key = Ticket.make().key
        let fault = await #expect(throws: StoreFault.self) { try await client.driver.load(key) }
        #expect(fault.map { [.unavailable, .timeout].contains($0.kind) } == true)
        await #expect(throws: StoreFault.self) { try await client.driver.save(key, [1], expiresIn: .seconds(60)) }
        await #expect(throws: StoreFault.self) { try await client.driver.claim([1], expiresIn: .seconds(60)) }
        await #expect(throws: StoreFault.self) { try await client.driver.ping() }
        try await client.close()
    }

    @Test func aRedisWithoutMemoryIsAFault() async throws {
        let server = try await RedisServer.start()
        defer { server.stop() }
        let client = try await Client(server.configuration)
        _ = try await client.send("CONFIG", "SET", "maxmemory", "1")
        let key = Ticket.make().key
        let fault = await #expect(throws: StoreFault.self) {
            try await client.driver.save(key, [1], expiresIn: .seconds(60))
        }
        #expect(fault?.kind == .refused)
        try await client.close()
    }
}

/// A connection with a store on it, on a loop of NIO's.
private struct Client: Sendable {
    let driver: StoreDriver
    private let connection: NIOLoopBound<RedisConnection>
    private let eventLoop: any EventLoop

    init(_ configuration: RedisConfiguration, keyPrefix: String = "gatehouse:") async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let (connection, store) = try await eventLoop.submit {
            let connection = RedisConnection(configuration: configuration, eventLoop: eventLoop)
            connection.start()
            let store = RedisStore(connection: connection, keyPrefix: keyPrefix)
            return (
                NIOLoopBound(connection, eventLoop: eventLoop), NIOLoopBound(store, eventLoop: eventLoop)
            )
        }.get()
        self.connection = connection
        self.eventLoop = eventLoop
        self.driver = StoreDriver { body in eventLoop.execute { body(store.value) } }
    }

    func close() async throws {
        try await self.eventLoop.submit { [connection] in connection.value.close() }.get()
    }

    func send(_ arguments: String...) async throws -> Reply {
        try await self.send(arguments)
    }

    private func send(_ arguments: [String]) async throws -> Reply {
        try await withCheckedThrowingContinuation { continuation in
            self.eventLoop.execute { [connection] in
                connection.value.send(RedisCommand(arguments.map { Array($0.utf8) })) { continuation.resume(with: $0) }
            }
        }
    }

    func keys() async throws -> [String] {
        guard case .array(let keys) = try await self.send("KEYS", "*") else { return [] }
        return keys.compactMap { if case .bytes(let name) = $0 { text(name) } else { nil } }
    }

    /// Takes the time from every key instead of waiting for it.
    func letTimePass(_ duration: Duration) async throws {
        for key in try await self.keys() {
            guard case .integer(let remaining) = try await self.send("PTTL", key), remaining >= 0 else { continue }
            _ = try await self.send("PEXPIRE", key, String(remaining - duration.components.seconds * 1000))
        }
    }
}
