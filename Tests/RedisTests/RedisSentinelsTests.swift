import NIOCore
import Redis
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisSentinelsTests {
    private let one = SentinelOpinion(address: .tcp(host: "a", port: 1), epoch: 1)
    private let two = SentinelOpinion(address: .tcp(host: "b", port: 2), epoch: 2)

    @Test func theLatestFailoverOfMoreThanHalfWins() {
        var poll = SentinelPoll(sentinels: 3)
        #expect(poll.received(.success(self.two)) == nil)
        #expect(poll.received(.success(self.one)) == .success(self.two))
    }

    @Test func thoseWhoAreLeftDecideWhenTheOthersFail() {
        var poll = SentinelPoll(sentinels: 3)
        #expect(poll.received(.failure(.timeout)) == nil)
        #expect(poll.received(.success(self.one)) == nil)
        #expect(poll.received(.failure(.timeout)) == .success(self.one))
    }

    @Test func whenTimeIsOverWhatIsKnownDecides() {
        var poll = SentinelPoll(sentinels: 5)
        #expect(poll.received(.success(self.one)) == nil)
        #expect(poll.end() == .success(self.one))
        #expect(
            SentinelPoll(sentinels: 5).end()
                == .failure(.unavailable("no Sentinel names the primary: \(RedisError.timeout)"))
        )
    }

    @Test func anAnswerIsRead() {
        let words = ["name", "m", "ip", "10.0.0.1", "port", "6380", "flags", "master", "config-epoch", "7"]
        let reply = Reply.array(words.map { .bytes(Array($0.utf8)) })
        #expect(
            SentinelOpinion.read(reply)
                == .success(SentinelOpinion(address: .tcp(host: "10.0.0.1", port: 6380), epoch: 7))
        )
    }

    @Test(arguments: [
        Reply.null, .array([]), .array([.bytes([1])]), .status("OK"),
        .array(["ip", "a", "port", "0", "config-epoch", "1"].map { .bytes(Array($0.utf8)) }),
        .array(["ip", "a", "port", "x", "config-epoch", "1"].map { .bytes(Array($0.utf8)) }),
        .array(["ip", "", "port", "1", "config-epoch", "1"].map { .bytes(Array($0.utf8)) }),
        .array(["ip", "a", "port", "1"].map { .bytes(Array($0.utf8)) }),
    ])
    func nonsenseIsNoAnswer(reply: Reply) {
        guard case .failure(.protocolViolation) = SentinelOpinion.read(reply) else {
            Issue.record("it was read")
            return
        }
    }

    @Test func theServerThatTheSentinelsNameIsUsedOnceItIsAPrimary() async throws {
        let roles = Mutex(["slave", "master"])
        let primary = try await FakeRedis.start { call in
            guard call.words == ["ROLE"] else { return nil }
            let role = roles.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            return .raw("*1\r\n$\(role.utf8.count)\r\n\(role)\r\n")
        }
        let sentinel = try await FakeRedis.start { call in
            guard call.words == ["SENTINEL", "MASTER", "m"],
                case .tcp(let host, let port) = primary.configuration.address
            else { return nil }
            return .raw(["ip", host, "port", "\(port)", "config-epoch", "1"].resp)
        }
        var configuration = sentinel.configuration
        configuration.topology = .sentinel(primary: "m")
        configuration.seeds = [configuration.address]
        configuration.password = "of Redis"
        configuration.sentinelPassword = "of the Sentinels"
        let connection = try await TestConnection(configuration)
        #expect(await connection.send("GET", "a") == .success(.null))
        #expect(sentinel.calls.map(\.words).contains(["AUTH", "of the Sentinels"]))
        #expect(primary.calls.map(\.words).contains(["AUTH", "of Redis"]))
        #expect(primary.calls.filter { $0.words == ["ROLE"] }.count == 2)
        try await connection.close()
    }

    @Test func aPrimaryThatBecomesAReplicaIsLeft() async throws {
        let server = try await FakeRedis.start { call in
            switch call.words[0] {
            case "ROLE": .raw("*1\r\n$6\r\nmaster\r\n")
            case "SET": call.connection == 2 ? .raw("-READONLY no\r\n") : .raw("+OK\r\n")
            default: nil
            }
        }
        let sentinel = try await FakeRedis.start { call in
            guard call.words[0] == "SENTINEL", case .tcp(let host, let port) = server.configuration.address else {
                return nil
            }
            return .raw(["ip", host, "port", "\(port)", "config-epoch", "1"].resp)
        }
        var configuration = sentinel.configuration
        configuration.topology = .sentinel(primary: "m")
        configuration.seeds = [configuration.address]
        let first = try await TestConnection(server.configuration)
        #expect(await first.send("SET", "a", "b") == .success(.status("OK")))
        let connection = try await TestConnection(configuration)
        guard case .failure(.server(code: "READONLY", _)) = await connection.send("SET", "a", "b") else {
            Issue.record("it was not refused")
            return
        }
        // On the next connection, which asked the Sentinels again.
        #expect(await connection.sendUntilAnswered("SET", "a", "b") == .status("OK"))
        #expect(sentinel.calls.filter { $0.words[0] == "SENTINEL" }.count >= 2)
        try await first.close()
        try await connection.close()
    }
}

extension RedisSentinelsTests {
    @Test func aPrimaryThatWasReplacedAndDoesNotKnowItIsLeft() async throws {
        let answer: @Sendable (FakeRedis.Call) -> FakeRedis.Answer? = { call in
            call.words[0] == "ROLE" ? .raw("*1\r\n$6\r\nmaster\r\n") : nil
        }
        let old = try await FakeRedis.start(answer: answer)
        let new = try await FakeRedis.start { call in
            call.words[0] == "GET" ? .raw("$3\r\nnew\r\n") : answer(call)
        }
        let replacement = Mutex(false)
        let sentinel = try await FakeRedis.start { call in
            guard call.words[0] == "SENTINEL" else { return nil }
            let isReplaced = replacement.withLock { $0 }
            let place = isReplaced ? new.configuration.address : old.configuration.address
            guard case .tcp(let host, let port) = place else { return nil }
            return .raw(["ip", host, "port", "\(port)", "config-epoch", isReplaced ? "2" : "1"].resp)
        }
        var configuration = sentinel.configuration
        configuration.topology = .sentinel(primary: "m")
        configuration.seeds = [configuration.address]
        let connection = try await TestConnection(configuration)
        var events = connection.events
        #expect(await connection.send("GET", "a") == .success(.null))
        #expect(await events.nextChange() == .ready)
        replacement.withLock { $0 = true }
        guard case .lost(.connectionLost, _) = await events.nextChange() else {
            Issue.record("it was not left")
            return
        }
        #expect(await connection.send("GET", "a") == .success(.bytes(Array("new".utf8))))
        try await connection.close()
    }
}

extension [String] {
    /// As an array of RESP.
    var resp: String {
        "*\(self.count)\r\n" + self.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }
}
