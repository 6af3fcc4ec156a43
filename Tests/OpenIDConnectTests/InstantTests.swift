import OpenIDConnect
import Testing

struct InstantTests {
    @Test func anInstantMovesByWholeSeconds() {
        #expect(Instant(seconds: 10).advanced(by: .seconds(5)) == Instant(seconds: 15))
        #expect(Instant(seconds: 10).advanced(by: .seconds(-15)) == Instant(seconds: -5))
        #expect(Instant(seconds: 10).advanced(by: .milliseconds(1_999)) == Instant(seconds: 11))
    }

    @Test func bothEndsOfTheRangeHold() {
        #expect(Instant(seconds: .max).advanced(by: .seconds(1)) == Instant(seconds: .max))
        #expect(Instant(seconds: .max - 1).advanced(by: .seconds(Int64.max)) == Instant(seconds: .max))
        #expect(Instant(seconds: .min).advanced(by: .seconds(-1)) == Instant(seconds: .min))
        #expect(Instant(seconds: .max) - Instant(seconds: .min) == .seconds(Int64.max))
        #expect(Instant(seconds: .min) - Instant(seconds: .max) == .seconds(Int64.min))
    }

    @Test func theDifferenceHasASign() {
        #expect(Instant(seconds: 10) - Instant(seconds: 4) == .seconds(6))
        #expect(Instant(seconds: 4) - Instant(seconds: 10) == .seconds(-6))
        #expect(Instant(seconds: 4) < Instant(seconds: 10))
    }
}
