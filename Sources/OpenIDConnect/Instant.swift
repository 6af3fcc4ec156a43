/// A point in time as JWTs write it: whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted (RFC 7519
/// section 2).
///
/// Nothing here reads a clock. Arithmetic saturates, because the numbers come from strangers.
package struct Instant: Sendable, Comparable, Hashable {
    /// Seconds since the epoch; negative before it.
    package let seconds: Int64

    /// Any number is an instant.
    package init(seconds: Int64) {
        self.seconds = seconds
    }

    /// This instant moved by `duration`; fractions of a second are dropped, and both ends of the range hold.
    package func advanced(by duration: Duration) -> Instant {
        let step = duration.components.seconds
        let (sum, overflow) = seconds.addingReportingOverflow(step)
        guard overflow else { return Instant(seconds: sum) }
        return Instant(seconds: step < 0 ? .min : .max)
    }

    /// Whether `left` comes first.
    package static func < (left: Instant, right: Instant) -> Bool {
        left.seconds < right.seconds
    }

    /// How long it is from `right` to `left`; negative when `left` comes first.
    package static func - (left: Instant, right: Instant) -> Duration {
        let (difference, overflow) = left.seconds.subtractingReportingOverflow(right.seconds)
        guard overflow else { return .seconds(difference) }
        return .seconds(left < right ? Int64.min : Int64.max)
    }
}
