import Gateway
import NIOCore
import Testing

struct SignInLimitTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func anAddressGetsAsManyAsTheLimitAndThenWaits() throws {
        let limit = try #require(SignInLimit(perMinute: 3))
        for _ in 0..<3 { #expect(limit.take("192.0.2.1", now: self.start)) }
        #expect(!limit.take("192.0.2.1", now: self.start))
        #expect(!limit.take("192.0.2.1", now: self.start + .seconds(19)))
        #expect(limit.take("192.0.2.1", now: self.start + .seconds(41)))
    }

    @Test func anotherAddressHasItsOwn() throws {
        let limit = try #require(SignInLimit(perMinute: 1))
        #expect(limit.take("192.0.2.1", now: self.start))
        #expect(limit.take("192.0.2.2", now: self.start))
    }

    @Test func theAddressesOfOneNetworkOfIPv6AreOne() throws {
        let limit = try #require(SignInLimit(perMinute: 1))
        #expect(limit.take("2001:db8::1", now: self.start))
        #expect(!limit.take("2001:db8::2", now: self.start))
        #expect(limit.take("2001:db8:0:1::1", now: self.start))
    }

    @Test func aCrowdGivesNobodyAFullBucketWhoGoesOnAsking() throws {
        let limit = try #require(SignInLimit(perMinute: 1))
        #expect(limit.take("192.0.2.1", now: self.start))
        for number in 0..<100_000 {
            let network = String(number >> 16, radix: 16) + ":" + String(number & 0xffff, radix: 16)
            _ = limit.take("2001:db8:\(network)::1", now: self.start)
            if number % 10_000 == 0 { #expect(!limit.take("192.0.2.1", now: self.start)) }
        }
    }

    @Test func whoHasNotAskedForLongMakesRoom() throws {
        let limit = try #require(SignInLimit(perMinute: 1))
        #expect(limit.take("192.0.2.1", now: self.start))
        for number in 0..<100_000 {
            _ = limit.take("10.\(number >> 16).\(number >> 8 & 0xff).\(number & 0xff)", now: self.start)
        }
        #expect(limit.take("192.0.2.1", now: self.start))
    }

    @Test func noneIsNoLimit() {
        #expect(SignInLimit(perMinute: 0) == nil)
    }
}
