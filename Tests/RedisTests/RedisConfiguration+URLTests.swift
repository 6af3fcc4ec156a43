import NIOCore
import Redis
import Testing

struct RedisConfigurationURLTests {
    @Test(arguments: [
        ("redis://127.0.0.1:6379/0", "127.0.0.1", 6379, 0), ("redis://redis", "redis", 6379, 0),
        ("redis://redis/", "redis", 6379, 0), ("redis://redis.example_1.com:1/15", "redis.example_1.com", 1, 15),
        ("redis://[::1]:65535/3", "::1", 65535, 3), ("redis://[::1]", "::1", 6379, 0),
    ])
    func hostPortAndDatabase(url: String, host: String, port: Int, database: Int) throws {
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.address == .tcp(host: host, port: port))
        #expect(configuration.database == database)
        #expect(configuration.user == nil)
        #expect(configuration.password == nil)
        #expect(configuration.tls == nil)
    }

    @Test func userAndPasswordMayBeEscaped() throws {
        let both = try RedisConfiguration(url: "redis://ga%74e:p%40ss%2Fw%3Ard%25@redis:1/1")
        #expect(both.user == "gate")
        #expect(both.password == "p@ss/w:rd%")
        let alone = try RedisConfiguration(url: "redis://:p@ss:w@redis")
        #expect(alone.user == nil)
        #expect(alone.password == "p@ss:w")
        #expect(alone.address == .tcp(host: "redis", port: 6379))
    }

    @Test func aUnixSocketMayHaveADatabase() throws {
        let plain = try RedisConfiguration(url: "unix:///run/redis.sock")
        #expect(plain.address == .unix(path: "/run/redis.sock"))
        #expect(plain.database == 0)
        let full = try RedisConfiguration(url: "unix://user:word@/run/a%20b.sock?database=7")
        #expect(full.address == .unix(path: "/run/a b.sock"))
        #expect(full.user == "user")
        #expect(full.password == "word")
        #expect(full.database == 7)
    }

    @Test func redissIsTLS() throws {
        let tls = try RedisTLS(serverName: "cache.example.com")
        for url in ["rediss://redis:6380", "rediss-sentinel://a/mymaster", "rediss-cluster://a,b"] {
            let configuration = try RedisConfiguration(url: url) { tls }
            #expect(configuration.tls?.serverName == "cache.example.com")
        }
        for url in ["redis://redis:6380", "redis-sentinel://a/mymaster", "redis-cluster://a,b"] {
            #expect(try RedisConfiguration(url: url) { tls }.tls == nil)
        }
        #expect(throws: RedisError.self) {
            try RedisConfiguration(url: "rediss://redis") { () throws(RedisError) in try RedisTLS(caFile: "/none") }
        }
    }

    @Test func sentinelsNameAPrimary() throws {
        let configuration = try RedisConfiguration(
            url: "redis-sentinel://gate:w%2Fd@one,[::1]:7,three:26380/my%20one/4"
        )
        #expect(configuration.topology == .sentinel(primary: "my one"))
        #expect(
            configuration.seeds == [
                .tcp(host: "one", port: 26_379), .tcp(host: "::1", port: 7), .tcp(host: "three", port: 26_380),
            ]
        )
        #expect(configuration.user == "gate")
        #expect(configuration.password == "w/d")
        #expect(configuration.database == 4)
    }

    @Test func aClusterHasNodes() throws {
        let configuration = try RedisConfiguration(url: "redis-cluster://:word@one,two:7000/0")
        #expect(configuration.topology == .cluster)
        #expect(configuration.seeds == [.tcp(host: "one", port: 6379), .tcp(host: "two", port: 7000)])
        #expect(configuration.password == "word")
    }

    @Test(arguments: [
        "", "redis", "redis:", "redis:/redis", "http://redis", "REDIS://redis", " redis://redis", "redis://",
        "redis:///0", "redis://:6379", "redis://redis:", "redis://redis:0", "redis://redis:65536", "redis://redis:+1",
        "redis://redis:6379x", "redis://redis:999999999999999999999", "redis://red is", "redis://redis\u{0}",
        "redis://redis\n", "redis://redis#0", "redis://redis/x", "redis://redis/-1", "redis://redis/100000",
        "redis://redis/0/1", "redis://redis?database=1", "redis://redis/0?", "redis://user@redis",
        "redis://user:@redis", "redis://@redis", "redis://:%zz@redis", "redis://:%4@redis", "redis://:%00@redis",
        "redis://:%ff@redis",
        "redis://::1", "redis://[::1", "redis://[]", "redis://[redis]", "redis://[::1]6379", "redis://[::1]:",
        "redis-sentinel://a", "redis-sentinel://a/", "redis-sentinel://a,/m", "redis-sentinel:///m",
        "redis-sentinel://a/m/x", "redis-cluster://", "redis-cluster://a,,b", "redis-cluster://a/1", "redis://a,b",
        "redis-cluster://a?x", "redis://ré", "unix://", "unix:///", "unix://relative/path", "unix:///a?",
        "unix:///a?database=",
        "unix:///a?database=x", "unix:///a?db=1", "unix:///a?database=1&x=2", "unix:///%00",
    ])
    func everythingElseIsRefusedWithTheRule(url: String) {
        do {
            _ = try RedisConfiguration(url: url)
            Issue.record("\(url) was taken")
        } catch {
            guard case .configuration(let rule) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!rule.isEmpty)
        }
    }

    @Test func aRefusalDoesNotRepeatThePassword() {
        for url in ["redis://:s3cret@red is", "redis://:s3cret%zz@redis", "redis://:s3cret@redis:x", "s3cret://"] {
            do {
                _ = try RedisConfiguration(url: url)
                Issue.record("\(url) was taken")
            } catch {
                #expect(!error.debugDescription.contains("s3cret"))
            }
        }
    }
}
