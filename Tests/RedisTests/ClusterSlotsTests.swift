import Redis
import Testing

struct ClusterSlotsTests {
    /// From the Redis Cluster specification, and `CLUSTER KEYSLOT` of a real node.
    @Test(arguments: [
        ("123456789", 12739), ("foo", 12182), ("bar", 5061), ("{user1000}.following", 3443),
        ("{user1000}.followers", 3443), ("foo{}{bar}", 8363), ("foo{{bar}}zap", 4015), ("foo{bar}{zap}", 5061), ("", 0),
    ])
    func aKeyHasASlot(key: String, slot: Int) {
        #expect(ClusterSlots.slot(of: Array(key.utf8)) == slot)
    }

    @Test func slotsAreReadWithTheirPrimaries() throws {
        let reply = Reply.array([
            .array([.integer(0), .integer(5460), node("10.0.0.1", 7000), node("10.0.0.4", 7003)]),
            .array([.integer(5461), .integer(16_383), node("", 7001)]),
        ])
        let slots = try #require(ClusterSlots(reply, asked: .tcp(host: "asked", port: 1)))
        #expect(slots[0] == .tcp(host: "10.0.0.1", port: 7000))
        #expect(slots[5460] == .tcp(host: "10.0.0.1", port: 7000))
        #expect(slots[5461] == .tcp(host: "asked", port: 7001))
        #expect(slots.nodes.count == 2)
    }

    @Test func aSlotMayHaveNobodyAndMayMove() throws {
        let reply = Reply.array([.array([.integer(1), .integer(1), node("a", 7000)])])
        var slots = try #require(ClusterSlots(reply, asked: .tcp(host: "asked", port: 1)))
        #expect(slots[0] == nil)
        slots.move(0, to: .tcp(host: "b", port: 7001))
        #expect(slots[0] == .tcp(host: "b", port: 7001))
        #expect(slots[1] == .tcp(host: "a", port: 7000))
    }

    @Test(arguments: [
        Reply.null, .array([]), .status("OK"), .array([.integer(1)]),
        .array([.array([.integer(0), .integer(16_384), .array([.bytes([97]), .integer(1)])])]),
        .array([.array([.integer(-1), .integer(3), .array([.bytes([97]), .integer(1)])])]),
        .array([.array([.integer(4), .integer(3), .array([.bytes([97]), .integer(1)])])]),
        .array([.array([.integer(0), .integer(3), .array([.bytes([97]), .integer(70_000)])])]),
        .array([.array([.integer(0), .integer(3), .array([])])]),
    ])
    func nonsenseIsNone(reply: Reply) {
        #expect(ClusterSlots(reply, asked: .tcp(host: "asked", port: 1)) == nil)
    }

    @Test func commandsHaveTheSlotOfTheirKey() {
        #expect(RedisCommand("GET", "foo").slot == 12182)
        #expect(RedisCommand("SET", "foo", "x", "PX", "1").slot == 12182)
        #expect(RedisCommand("eval", "return 1", "1", "foo", "bar").slot == 12182)
        #expect(RedisCommand("EVAL", "return 1", "0").slot == nil)
        #expect(RedisCommand("PING").slot == nil)
        #expect(RedisCommand("CLIENT", "ID").slot == nil)
    }

    private func node(_ host: String, _ port: Int64) -> Reply {
        .array([.bytes(Array(host.utf8)), .integer(port), .bytes(Array("id".utf8))])
    }
}
