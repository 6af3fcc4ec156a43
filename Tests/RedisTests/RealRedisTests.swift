import NIOCore
import Redis
import RedisTestServer
import Testing

/// Against redis-server itself.
@Suite(.timeLimit(.minutes(2)))
struct RealRedisTests {
    @Test func valuesGoInAndComeOutThroughAUnixSocket() async throws {
        let server = try await RedisServer.start()
        let connection = try await TestConnection(server.configuration)
        let value = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let key = Array("key".utf8)
        #expect(await connection.send(RedisCommand([Array("SET".utf8), key, value])) == .success(.status("OK")))
        #expect(await connection.send(.get(key)) == .success(.bytes(value)))
        #expect(await connection.send("GET", "other") == .success(.null))
        #expect(await connection.send("SET", "key", "x", "NX", "PX", "1000") == .success(.null))
        #expect(await connection.send("INCR", "count") == .success(.integer(1)))
        #expect(await connection.send("MGET", "count", "none") == .success(.array([.bytes([0x31]), .null])))
        #expect(await connection.send("CLIENT", "GETNAME") == .success(.bytes(Array("gatehouse".utf8))))
        try await connection.close()
        server.stop()
    }

    @Test func tenThousandCommandsInOneTurnAreAnsweredInTheirOrder() async throws {
        let server = try await RedisServer.start(.tcp)
        let connection = try await TestConnection(server.configuration)
        let answers = await connection.send((0..<10_000).map { RedisCommand("ECHO", String($0)) })
        #expect(answers == (0..<10_000).map { .success(.bytes(Array(String($0).utf8))) })
        try await connection.close()
        server.stop()
    }

    @Test func errorsOfTheServerHaveTheirCodes() async throws {
        let server = try await RedisServer.start(.unix, "--maxmemory", "1mb", "--maxmemory-policy", "noeviction")
        let connection = try await TestConnection(server.configuration)
        _ = await connection.send("LPUSH", "list", "a")
        #expect(await code(of: connection.send("GET", "list")) == "WRONGTYPE")
        #expect(await code(of: connection.send("NONSENSE")) == "ERR")
        #expect(await code(of: connection.send("GET")) == "ERR")
        #expect(await code(of: connection.send("SET", "a", String(repeating: "a", count: 100_000))) == "OOM")
        _ = await connection.send("REPLICAOF", "127.0.0.1", "1")
        _ = await connection.send("CONFIG", "SET", "maxmemory", "0")
        #expect(await code(of: connection.send("SET", "a", "b")) == "READONLY")
        #expect(try await connection.isReady)
        try await connection.close()
        server.stop()
    }

    @Test func aPasswordIsAskedFor() async throws {
        let server = try await RedisServer.start(.tcp, "--requirepass", "word")
        var configuration = server.configuration
        let stranger = try await TestConnection(configuration)
        #expect(await code(of: stranger.send("GET", "a")) == "NOAUTH")
        try await stranger.close()

        configuration.password = "wrong"
        let mistaken = try await TestConnection(configuration)
        #expect(await code(of: mistaken.send("GET", "a")) == "WRONGPASS")
        try await mistaken.close()

        configuration.password = "word"
        let friend = try await TestConnection(configuration)
        #expect(await friend.send("GET", "a") == .success(.null))
        try await friend.close()
        server.stop()
    }

    @Test func aUserMayWhatTheServerGrants() async throws {
        let server = try await RedisServer.start(.unix, "--user", "gate", "on", ">word", "~gatehouse:*", "+get", "+set")
        var configuration = server.configuration
        configuration.user = "gate"
        configuration.password = "word"
        let connection = try await TestConnection(configuration)
        // The user may not even give itself a name, and is served all the same.
        #expect(await connection.send("SET", "gatehouse:a", "b") == .success(.status("OK")))
        #expect(await code(of: connection.send("GET", "other")) == "NOPERM")
        #expect(await code(of: connection.send("DEL", "gatehouse:a")) == "NOPERM")
        try await connection.close()
        server.stop()
    }

    @Test func databasesAreApart() async throws {
        let server = try await RedisServer.start()
        var configuration = server.configuration
        configuration.database = 3
        let third = try await TestConnection(configuration)
        #expect(await third.send("SET", "a", "b") == .success(.status("OK")))
        let first = try await TestConnection(server.configuration)
        #expect(await first.send("GET", "a") == .success(.null))
        configuration.database = 99_999
        let none = try await TestConnection(configuration)
        #expect(await code(of: none.send("GET", "a")) == "ERR")
        for connection in [third, first, none] {
            try await connection.close()
        }
        server.stop()
    }

    @Test func aServerWithATrustedCertificateIsUsed() async throws {
        let certificates = try Certificates(for: "DNS:localhost,IP:127.0.0.1")
        let server = try await RedisServer.start(.tls(certificates))
        guard case .tcp(_, let port) = server.address else { return }
        // By address, by name, and by a name that the address does not have but the certificate does.
        for (host, name) in [("127.0.0.1", nil), ("localhost", nil), ("127.0.0.1", "localhost")] {
            let url = "rediss://\(host):\(port)"
            var configuration = try RedisConfiguration(url: url) { () throws(RedisError) in
                try RedisTLS(caFile: certificates.authority, serverName: name)
            }
            configuration.commandTimeout = .seconds(20)
            configuration.connectTimeout = .seconds(20)
            let connection = try await TestConnection(configuration)
            let value = [UInt8](repeating: 7, count: 100_000)
            #expect(await connection.send(RedisCommand([Array("SET".utf8), [1], value])) == .success(.status("OK")))
            #expect(await connection.send(.get([1])) == .success(.bytes(value)))
            try await connection.close()
        }
        server.stop()
    }

    @Test func aServerWithoutATrustedCertificateIsNot() async throws {
        let certificates = try Certificates(for: "DNS:elsewhere.example.com")
        let others = try Certificates(for: "IP:127.0.0.1")
        let server = try await RedisServer.start(.tls(certificates))
        guard case .tcp(_, let port) = server.address else { return }
        let url = "rediss://127.0.0.1:\(port)"
        let doubtful = [
            try RedisConfiguration(url: url),
            try RedisConfiguration(url: url, trusting: others),
            try RedisConfiguration(url: url, trusting: certificates),
            try RedisConfiguration(url: url, trusting: certificates, serverName: "redis.example.com"),
        ]
        for var configuration in doubtful {
            configuration.password = "must not be sent"
            configuration.connectTimeout = .seconds(20)
            let connection = try await TestConnection(configuration)
            guard case .failure(.tls) = await connection.send("PING") else {
                Issue.record("a stranger was trusted")
                continue
            }
            try await connection.close()
        }
        server.stop()
    }

    @Test func plainTextToATLSPortFails() async throws {
        let certificates = try Certificates(for: "IP:127.0.0.1")
        let server = try await RedisServer.start(.tls(certificates))
        var configuration = server.configuration
        configuration.connectTimeout = .milliseconds(300)
        let connection = try await TestConnection(configuration)
        guard case .failure = await connection.send("PING") else {
            Issue.record("there is nobody to answer")
            return
        }
        try await connection.close()
        server.stop()
    }

    @Test func itComesBackWhenTheServerDoes() async throws {
        let server = try await RedisServer.start()
        let connection = try await TestConnection(server.configuration)
        var events = connection.events
        #expect(await connection.send("SET", "a", "b") == .success(.status("OK")))
        #expect(await events.next() == .ready)
        server.stop()
        guard case .lost(.connectionLost, _) = await events.next() else {
            Issue.record("the loss was not reported")
            return
        }
        // A command sent meanwhile waits until the server is there again, unless that takes so long that nobody is let wait.
        async let answer = connection.sendUntilAnswered("GET", "a")
        try await server.restart()
        #expect(await answer == .null)
        try await connection.close()
        server.stop()
    }

    @Test func aFrozenServerFailsCommandsInTimeAndIsUsedAgainWhenItThaws() async throws {
        let server = try await RedisServer.start()
        var configuration = server.configuration
        configuration.commandTimeout = .milliseconds(100)
        configuration.connectTimeout = .milliseconds(200)
        let connection = try await TestConnection(configuration)
        #expect(await connection.sendUntilAnswered("SET", "a", "b") == .status("OK"))
        server.freeze()
        // The first on the connection that stood, the second while a new one is tried for.
        for _ in 0..<2 {
            switch await connection.send("GET", "a") {
            case .failure(.timeout), .failure(.unavailable): break
            case let answer: Issue.record("a frozen server answered \(answer)")
            }
        }
        server.thaw()
        #expect(await connection.sendUntilAnswered("GET", "a") == .bytes([0x62]))
        try await connection.close()
        server.stop()
    }

    @Test func aConnectionThatTheServerKillsComesBack() async throws {
        let server = try await RedisServer.start()
        let connection = try await TestConnection(server.configuration)
        var events = connection.events
        connection.start()
        for _ in 0..<3 {
            #expect(await events.next() == .ready)
            #expect(await connection.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no") == .success(.integer(1)))
            // The answer arrives before the end of the connection; a command between them would be lost.
            guard case .lost(.connectionLost, _) = await events.next() else {
                Issue.record("the loss was not reported")
                return
            }
            #expect(await connection.send("PING") == .success(.status("PONG")))
        }
        try await connection.close()
        server.stop()
    }

    private func code(of answer: Result<Reply, RedisError>) -> String? {
        guard case .failure(.server(let code, _)) = answer else { return nil }
        return code
    }
}

extension RedisConfiguration {
    fileprivate init(url: String, trusting certificates: Certificates, serverName: String? = nil) throws {
        try self.init(url: url) { () throws(RedisError) in
            try RedisTLS(caFile: certificates.authority, serverName: serverName)
        }
    }
}
