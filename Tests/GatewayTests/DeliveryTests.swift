import Gateway
import NIOCore
import Testing

struct DeliveryTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// What it says each time it is asked, a second after the last.
    private func asked(_ unsent: [Unsent?], patience: TimeAmount = .seconds(2)) -> [Bool] {
        var delivery = Delivery()
        var now = self.start
        return unsent.map { unsent in
            now = now + .seconds(1)
            return delivery.isUnderWay(unsent, now: now, patience: patience)
        }
    }

    @Test func whereNothingIsHeldNothingIsOnItsWay() {
        #expect(self.asked([nil]) == [false])
    }

    @Test func whatLeavesNowAndThenIsWaitedFor() {
        let held = [9, 9, 8, 8, 7, 7].map { Unsent(bytes: $0) }
        #expect(self.asked(held + [nil]) == [true, true, true, true, true, true, false])
    }

    @Test func whatNobodyTakesIsGivenUp() {
        #expect(self.asked([5, 5, 5, 5].map { Unsent(bytes: $0) }) == [true, true, false, false])
    }

    @Test func roomMadeForAStreamIsProgress() {
        #expect(self.asked((1...5).map { Unsent(bytes: 5, windowUpdates: $0) }) == [true, true, true, true, true])
    }

    @Test func itIsKnownWhetherSomethingWasHeldBefore() {
        var delivery = Delivery()
        _ = delivery.isUnderWay(Unsent(bytes: 5), now: self.start, patience: .seconds(2))
        #expect(delivery.wasUnderWay)
        _ = delivery.isUnderWay(nil, now: self.start, patience: .seconds(2))
        #expect(!delivery.wasUnderWay)
    }
}
