import NIOCore
import NIOPosix
import Redis
import RedisTestServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisConnectionTests {
    @Test func theFirstCommandConnects() async throws {
        let server = try await FakeRedis.start()
        let connection = try await TestConnection(server.configuration)
        #expect(try await !connection.isReady)
        #expect(await connection.send("GET", "a") == .success(.null))
        #expect(try await connection.isReady)
        #expect(server.calls.map(\.words) == [["CLIENT", "SETNAME", "gatehouse"], ["GET", "a"]])
        try await connection.close()
    }

    @Test func startConnectsWithoutACommand() async throws {
        let server = try await FakeRedis.start()
        let connection = try await TestConnection(server.configuration)
        var events = connection.events
        connection.start()
        #expect(await events.next() == .ready)
        try await connection.close()
    }

    @Test func aThousandCommandsAreAnsweredInTheirOrder() async throws {
        let server = try await FakeRedis.start { call in
            call.words[0] == "ECHO" ? .raw("$\(call.words[1].utf8.count)\r\n\(call.words[1])\r\n") : nil
        }
        let connection = try await TestConnection(server.configuration)
        let words = (0..<1_000).map { "word \($0)" }
        let answers = await connection.send(words.map { RedisCommand("ECHO", $0) })
        #expect(answers == words.map { .success(.bytes(Array($0.utf8))) })
        try await connection.close()
    }

    @Test func theGreetingHasUserPasswordAndDatabase() async throws {
        let server = try await FakeRedis.start()
        var configuration = server.configuration
        configuration.user = "gatehouse"
        configuration.password = "word"
        configuration.database = 5
        let connection = try await TestConnection(configuration)
        #expect(await connection.send("PING") == .success(.null))
        let greeting = [["AUTH", "gatehouse", "word"], ["SELECT", "5"], ["CLIENT", "SETNAME", "gatehouse"]]
        #expect(server.calls.map(\.words) == greeting + [["PING"]])
        try await connection.close()
    }

    @Test func aLateAnswerEndsTheConnectionAndTheNextOneIsClean() async throws {
        let server = try await FakeRedis.start { call in
            switch call.words {
            case ["GET", "slow"]: .silence
            case ["GET", "quick"]: call.connection == 1 ? .raw("$8\r\nmistaken\r\n") : .raw("$5\r\nright\r\n")
            default: nil
            }
        }
        var configuration = server.configuration
        configuration.commandTimeout = .milliseconds(100)
        let connection = try await TestConnection(configuration)
        // The answer to the second command arrives first; taken for the first's, it would be another user's session.
        // So once an answer is late, nothing that comes on this connection is believed.
        var events = connection.events
        #expect(await connection.send("GET", "slow") == .failure(.timeout))
        #expect(await connection.sendUntilAnswered("GET", "quick") == .bytes(Array("right".utf8)))
        #expect(await events.next() == .ready)
        guard case .lost(.timeout, _) = await events.next() else {
            Issue.record("the loss was not reported")
            return
        }
        try await connection.close()
    }

    @Test func itComesBackWhenTheServerClosesAndSendsNothingTwice() async throws {
        let server = try await FakeRedis.start { call in
            call.words == ["INCR", "a"] && call.connection == 1 ? .rawThenClose("$5\r\nhal") : nil
        }
        let connection = try await TestConnection(server.configuration)
        var events = connection.events
        let lost = RedisError.connectionLost("the server closed the connection")
        #expect(await connection.send("INCR", "a") == .failure(lost))
        #expect(await connection.send("GET", "b") == .success(.null))
        #expect(await events.next() == .ready)
        guard case .lost(lost, let delay) = await events.next() else {
            Issue.record("the loss was not reported")
            return
        }
        #expect(delay <= .milliseconds(50))
        #expect(server.calls.filter { $0.words[0] == "INCR" }.count == 1)
        try await connection.close()
    }

    @Test func whileNobodyListensItTriesAgainAndCommandsFailAfterTheConnectTimeout() async throws {
        var configuration = RedisConfiguration(address: .tcp(host: "127.0.0.1", port: 1))
        configuration.connectTimeout = .seconds(1)
        configuration.backoff = .init(minimum: .milliseconds(10), maximum: .milliseconds(20))
        let connection = try await TestConnection(configuration)
        var events = connection.events
        guard case .failure(.unavailable(let reason)) = await connection.send("PING") else {
            Issue.record("there is nobody to answer")
            return
        }
        #expect(reason.contains("refused"))
        for _ in 0..<3 {
            guard case .attemptFailed(_, let delay) = await events.next() else {
                Issue.record("the failure was not reported")
                return
            }
            #expect(delay >= .milliseconds(5) && delay <= .milliseconds(20))
        }
        try await connection.close()
    }

    @Test func aServerThatTakesTheConnectionAndSaysNothingIsGivenUp() async throws {
        let server = try await FakeRedis.start { _ in .silence }
        var configuration = server.configuration
        configuration.connectTimeout = .milliseconds(500)
        let connection = try await TestConnection(configuration)
        var events = connection.events
        guard case .failure(.unavailable) = await connection.send("PING") else {
            Issue.record("there is nobody to answer")
            return
        }
        guard case .attemptFailed(.timeout, _) = await events.next() else {
            Issue.record("the failure was not reported")
            return
        }
        try await connection.close()
    }

    @Test(arguments: [
        ("-WRONGPASS invalid username-password pair\r\n", "WRONGPASS"), ("-NOAUTH x\r\n", "NOAUTH"),
        ("-LOADING x\r\n", "LOADING"), ("-ERR max number of clients reached\r\n", "ERR"),
    ])
    func aServerThatRefusesUsFailsCommandsAtOnce(answer: String, code: String) async throws {
        let server = try await FakeRedis.start { _ in .raw(answer) }
        var configuration = server.configuration
        configuration.connectTimeout = .hours(1)
        let connection = try await TestConnection(configuration)
        guard case .failure(.server(code, _)) = await connection.send("PING") else {
            Issue.record("the refusal was not passed on")
            return
        }
        try await connection.close()
    }

    @Test(arguments: ["READONLY", "LOADING", "OOM", "NOAUTH", "WRONGTYPE", "MOVED", "BUSY", "CLUSTERDOWN", "NOPERM"])
    func anErrorReplyIsAFailureWithItsCode(code: String) async throws {
        let server = try await FakeRedis.start { $0.words[0] == "GET" ? .raw("-\(code) because\r\n") : nil }
        let connection = try await TestConnection(server.configuration)
        let error = RedisError.server(code: code, message: "\(code) because")
        #expect(await connection.send("GET", "a") == .failure(error))
        // It is not the connection's fault.
        #expect(try await connection.isReady)
        try await connection.close()
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\n\r\n", "\u{0}\u{1}\u{2}", "$x\r\n", "%1\r\n", "$3\r\nabcdefg\r\n"])
    func nonsenseEndsTheConnectionAndItComesBack(nonsense: String) async throws {
        let server = try await FakeRedis.start { call in
            call.words[0] == "GET" && call.connection == 1 ? .raw(nonsense) : nil
        }
        let connection = try await TestConnection(server.configuration)
        let answers = await connection.send([RedisCommand("GET", "a"), RedisCommand("GET", "b")])
        for answer in answers {
            guard case .failure(.protocolViolation) = answer else {
                Issue.record("\(answer)")
                continue
            }
        }
        #expect(await connection.send("GET", "c") == .success(.null))
        try await connection.close()
    }

    @Test func anAnswerTooManyEndsTheConnection() async throws {
        let server = try await FakeRedis.start { call in
            call.words[0] == "GET" && call.connection == 1 ? .raw("$1\r\na\r\n$1\r\nb\r\n") : nil
        }
        let connection = try await TestConnection(server.configuration)
        var events = connection.events
        #expect(await connection.send("GET", "a") == .success(.bytes(Array("a".utf8))))
        #expect(await events.next() == .ready)
        guard case .lost(.protocolViolation, _) = await events.next() else {
            Issue.record("the loss was not reported")
            return
        }
        #expect(await connection.send("GET", "c") == .success(.null))
        try await connection.close()
    }

    @Test func aHugeValueIsRefused() async throws {
        let server = try await FakeRedis.start { call in
            call.words[0] == "GET" ? .raw("$1000000000\r\n" + String(repeating: "a", count: 200_000)) : nil
        }
        var configuration = server.configuration
        configuration.maximumReplyBytes = 100_000
        let connection = try await TestConnection(configuration)
        #expect(await connection.send("GET", "a") == .failure(.replyTooLarge))
        #expect(await connection.send("PING") == .success(.null))
        try await connection.close()
    }

    @Test func onlySoManyCommandsWaitForAConnectionOrForAnswers() async throws {
        let server = try await FakeRedis.start { $0.words[0] == "GET" ? .silence : nil }
        var configuration = server.configuration
        configuration.maximumPendingCommands = 3
        let connection = try await TestConnection(configuration)
        let gets = Array(repeating: RedisCommand("GET", "a"), count: 4)
        let waiting = await connection.send(gets) { $0.close() }
        #expect(waiting == [.failure(.closed), .failure(.closed), .failure(.closed), .failure(.queueFull)])

        let second = try await TestConnection(configuration)
        #expect(await second.send("PING") == .success(.null))
        let pending = await second.send(gets) { $0.close() }
        #expect(pending == [.failure(.closed), .failure(.closed), .failure(.closed), .failure(.queueFull)])
    }

    @Test func closingFailsWhatIsPendingAndWhatComesLater() async throws {
        let server = try await FakeRedis.start { $0.words[0] == "GET" ? .silence : nil }
        let connection = try await TestConnection(server.configuration)
        #expect(await connection.send("PING") == .success(.null))
        let answers = await connection.send([RedisCommand("GET", "a"), RedisCommand("GET", "b")]) { $0.close() }
        #expect(answers == [.failure(.closed), .failure(.closed)])
        #expect(await connection.send("PING") == .failure(.closed))
        connection.start()
        #expect(try await !connection.isReady)
        try await connection.close()
    }

    @Test func aClosedConnectionIsLetGo() async throws {
        let server = try await FakeRedis.start()
        let (end, continuation) = AsyncStream.makeStream(of: Void.self)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        eventLoop.execute {
            let canary = Canary { continuation.finish() }
            let connection = RedisConnection(configuration: server.configuration, eventLoop: eventLoop) { _ in
                _ = canary
            }
            connection.send(RedisCommand("PING")) { _ in connection.close() }
        }
        // Ends when nothing holds the connection any more; else the time limit ends it.
        for await _ in end {}
    }

    @Test func aNameThatDoesNotExistIsAFailureLikeAnyOther() async throws {
        var configuration = RedisConfiguration(address: .tcp(host: "redis.invalid", port: 6379))
        configuration.connectTimeout = .milliseconds(200)
        let connection = try await TestConnection(configuration)
        guard case .failure(.unavailable) = await connection.send("PING") else {
            Issue.record("there is nobody to answer")
            return
        }
        try await connection.close()
    }

    @Test func aNameIsLookedUp() async throws {
        let server = try await FakeRedis.start()
        guard case .tcp(_, let port) = server.configuration.address else { return }
        let connection = try await TestConnection(RedisConfiguration(patientlyAt: .tcp(host: "localhost", port: port)))
        #expect(await connection.send("PING") == .success(.null))
        try await connection.close()
    }
}

/// Says when it is let go.
private final class Canary {
    private let onEnd: () -> Void

    init(onEnd: @escaping () -> Void) {
        self.onEnd = onEnd
    }

    deinit {
        self.onEnd()
    }
}
