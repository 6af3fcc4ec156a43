import Gateway
import NIOCore
import Testing

/// Counters, and how they add up.
struct MetricsTests {
    @Test func aDurationGoesIntoTheFirstBucketItFits() {
        var histogram = Histogram()
        histogram.record(.microseconds(500))
        histogram.record(.nanoseconds(500_001))
        histogram.record(.seconds(10))
        histogram.record(.seconds(11))
        #expect(histogram.counts.count == Histogram.bounds.count + 1)
        #expect(histogram.counts[0] == 1)
        #expect(histogram.counts[1] == 1)
        #expect(histogram.counts[Histogram.bounds.count - 1] == 1)
        #expect(histogram.counts[Histogram.bounds.count] == 1)
        #expect(histogram.nanoseconds == 21_001_000_001)
    }

    @Test func histogramsAddUp() {
        var one = Histogram()
        var other = Histogram()
        one.record(.milliseconds(1))
        other.record(.milliseconds(1))
        other.record(.seconds(100))
        one.add(other)
        #expect(one.counts[1] == 2)
        #expect(one.counts.reduce(0, +) == 3)
    }

    @Test func workersAddUp() {
        var one = MetricsSnapshot()
        var other = MetricsSnapshot()
        one.exchanges = [1: 2, 3: 4]
        other.exchanges = [3: 5]
        other.decisions = [.permit: 7]
        other.faults = [.store: 1]
        one.add(other)
        #expect(one.exchanges == [1: 2, 3: 9])
        #expect(one.decisions == [.permit: 7])
        #expect(one.faults == [.store: 1])
    }
}
