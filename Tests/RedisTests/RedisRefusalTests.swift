import Redis
import Testing

struct RedisRefusalTests {
    @Test(arguments: [
        ("READONLY You can't write against a read only replica.", RedisRefusal.readOnly),
        ("LOADING Redis is", .loading),
        ("OOM command not allowed", .outOfMemory), ("NOAUTH Authentication required.", .credentials),
        ("WRONGPASS invalid username-password pair", .credentials), ("NOPERM this user", .permission),
        ("CLUSTERDOWN The cluster is down", .clusterDown), ("MASTERDOWN Link with MASTER is down", .primaryDown),
        ("TRYAGAIN Multiple keys", .tryAgain), ("WRONGTYPE Operation", .other), ("nonsense", .other),
        ("MOVED", .other), ("MOVED x 1.2.3.4:1", .other), ("MOVED 16384 1.2.3.4:1", .other), ("ASK 1 host", .other),
        ("ASK 1 host:0", .other), ("MOVED 1 host:70000", .other),
    ])
    func aRefusalIsUnderstood(message: String, refusal: RedisRefusal) {
        #expect(RedisError(reply: message).refusal == refusal)
    }

    @Test(arguments: [
        ("MOVED 3999 127.0.0.1:6381", 3999, "127.0.0.1", 6381), ("MOVED 0 :7000", 0, "", 7000),
        ("MOVED 1 2001:db8::1:7000", 1, "2001:db8::1", 7000),
        ("MOVED 1 node.example.com:7000", 1, "node.example.com", 7000),
    ])
    func aRedirectIsRead(message: String, slot: Int, host: String, port: Int) throws {
        guard case .moved(let redirect) = RedisError(reply: message).refusal else {
            Issue.record("not read")
            return
        }
        #expect(redirect.slot == slot)
        #expect(redirect.host == host)
        #expect(redirect.port == port)
    }

    @Test func whatTheOperatorCanDoIsSaid() {
        #expect(RedisError(reply: "NOAUTH no").advice?.contains("redis.password") == true)
        #expect(RedisError(reply: "OOM no").advice?.contains("maxmemory") == true)
        #expect(RedisError(reply: "LOADING no").advice == nil)
        #expect(RedisError.timeout.advice == nil)
    }
}
