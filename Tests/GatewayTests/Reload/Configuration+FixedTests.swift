import Gateway
import Redis
import Testing

/// What a reload cannot change is said by its key.
struct ConfigurationFixedTests {
    private func changed(_ change: (inout Configuration) -> Void) throws -> [String] {
        var redis = RedisConfiguration(address: .tcp(host: "127.0.0.1", port: 6379))
        redis.password = "one"
        var configuration = try Configuration.make()
        configuration.redis = redis
        var next = configuration
        change(&next)
        return configuration.fixedKeys(changedIn: next)
    }

    @Test func whatStaysIsNotNamed() throws {
        #expect(try self.changed { _ in } == [])
        #expect(try self.changed { $0.limits.headerBytes = 1 } == [])
        #expect(try self.changed { $0.server.trustsUnixSockets = true } == [])
    }

    @Test func placesAndWorkersTakeARestart() throws {
        #expect(try self.changed { $0.server.listen = .init(host: "::1", port: 1) } == ["server.listen"])
        #expect(try self.changed { $0.server.listeners.append(.init(.https, on: .unix("/a"))) } == ["server.listen"])
        #expect(try self.changed { $0.server.workers = 7 } == ["server.workers"])
        #expect(
            try self.changed {
                $0.admin.listen.port = 1
                $0.check.listen = .init(unixPath: "/c")
            } == ["admin.listen", "check.listen"]
        )
    }

    @Test func theStoreTakesARestart() throws {
        #expect(try self.changed { $0.session.store = .redis } == ["session.store"])
        #expect(try self.changed { $0.redis = nil } == ["redis"])
        #expect(try self.changed { $0.redis?.database = 3 } == ["redis"])
        #expect(try self.changed { $0.redis?.password = "two" } == ["redis"])
        #expect(try self.changed { $0.redisKeyPrefix = "other:" } == ["redis.key_prefix"])
    }
}
