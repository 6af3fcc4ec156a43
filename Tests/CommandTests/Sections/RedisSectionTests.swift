import Command
import Cryptography
import Gateway
import NIOCore
import Redis
import Testing

struct RedisSectionTests {
    /// With Redis chosen as the store.
    private func sample(_ lines: String...) -> Sample {
        var sample = Sample().with("session", "store = \"redis\"", "keys = [\"\(SealingKey.generate().text)\"]")
        for line in lines { sample = sample.with("redis", line) }
        return sample
    }

    @Test func theDefaultIsThisMachine() throws {
        let configuration = try #require(self.sample().reading().configuration)
        let redis = try #require(configuration.redis)
        #expect(redis.address == .tcp(host: "127.0.0.1", port: 6379))
        #expect(redis.database == 0)
        #expect(redis.commandTimeout == .milliseconds(50))
        #expect(redis.connectTimeout == .seconds(2))
        #expect(configuration.redisKeyPrefix == "gatehouse:")
    }

    @Test func everythingIsRead() throws {
        let sample = self.sample(
            "url = \"redis://cache:6380/3\"",
            "user = \"gate\"",
            "password = \"p@ss\"",
            "key_prefix = \"gh:\"",
            "command_timeout = \"100ms\"",
            "connect_timeout = \"1s\""
        )
        let configuration = try #require(sample.reading().configuration)
        let redis = try #require(configuration.redis)
        #expect(redis.address == .tcp(host: "cache", port: 6380))
        #expect(redis.database == 3)
        #expect(redis.user == "gate")
        #expect(redis.password == "p@ss")
        #expect(redis.commandTimeout == .milliseconds(100))
        #expect(redis.connectTimeout == .seconds(1))
        #expect(configuration.redisKeyPrefix == "gh:")
    }

    @Test func aPasswordMayBeInTheURLOrInAFile() throws {
        let inURL = self.sample("url = \"redis://gate:secret@cache\"")
        #expect(inURL.reading().configuration?.redis?.password == "secret")
        let file = try TemporaryFile("from file\n")
        let inFile = self.sample("password_file = \"\(file.path)\"")
        #expect(inFile.reading().configuration?.redis?.password == "from file")
    }

    @Test func aPasswordIsGivenOnce() throws {
        let file = try TemporaryFile("other")
        #expect(self.sample("password = \"a\"", "password_file = \"\(file.path)\"").problems().count == 1)
        #expect(
            self.sample("url = \"redis://:a@cache\"", "password = \"b\"").problems() == [
                "redis.password: found a password beside the one in url; allowed one of the two"
            ]
        )
        #expect(self.sample("user = \"gate\"").problems().count == 1)
    }

    @Test(arguments: [
        "http://cache", "cache:6379", "redis://cache:0", "redis://cache/x", "redis://", "unix://x", "rediss://a b",
    ])
    func aURLThatIsNoneIsRefusedWithTheRule(_ url: String) {
        let problems = self.sample("url = \"\(url)\"").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("redis.url: found another text; allowed redis://") == true)
    }

    @Test func aCAFileIsForTLS() throws {
        let file = try TemporaryFile("no certificate")
        #expect(self.sample("ca_file = \"\(file.path)\"").problems().count == 1)
        let problems = self.sample("url = \"rediss://cache\"", "ca_file = \"\(file.path)\"").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("redis.ca_file: found ") == true)
        #expect(self.sample("url = \"rediss://cache\"").reading().configuration?.redis?.tls != nil)
    }

    @Test func sentinelsAndClustersAreRead() throws {
        let sentinel = self.sample(
            "url = \"redis-sentinel://gate:word@one,two/mymaster\"",
            "sentinel_user = \"asker\"",
            "sentinel_password = \"other\""
        )
        let redis = try #require(sentinel.reading().configuration?.redis)
        #expect(redis.topology == .sentinel(primary: "mymaster"))
        #expect(redis.password == "word")
        #expect(redis.sentinelUser == "asker")
        #expect(redis.sentinelPassword == "other")
        let cluster = self.sample("url = \"redis-cluster://one,two\"").reading().configuration?.redis
        #expect(cluster?.topology == .cluster)
        #expect(self.sample("sentinel_password = \"x\"").problems().count == 1)
    }

    @Test func whatIsForTLSNeedsTLS() throws {
        let file = try TemporaryFile("no certificate")
        #expect(self.sample("server_name = \"cache\"").problems().count == 1)
        #expect(self.sample("key_file = \"\(file.path)\"").problems().count == 1)
        #expect(self.sample("url = \"rediss://cache\"", "key_file = \"\(file.path)\"").problems().count == 1)
        let named = self.sample("url = \"rediss://10.0.0.1\"", "server_name = \"cache\"").reading()
        #expect(named.configuration?.redis?.tls?.serverName == "cache")
    }

    @Test func aPasswordFileIsReadAgain() throws {
        let file = try TemporaryFile("first\n")
        let redis = self.sample("password_file = \"\(file.path)\"").reading().configuration?.redis
        #expect(redis?.rereadPassword?() == "first")
    }

    @Test func mistakesAreFoundBeforeTheStoreIsChosen() {
        #expect(Sample().with("redis", "url = \"x\"").problems().count == 1)
        #expect(Sample().with("redis", "url = \"redis://cache\"").reading().configuration?.redis == nil)
    }

    @Test func aKeyPrefixIsVisible() {
        #expect(Sample().with("redis", "key_prefix = \"a b\"").problems().count == 1)
        #expect(Sample().with("redis", "key_prefix = \"é\"").problems().count == 1)
    }
}
