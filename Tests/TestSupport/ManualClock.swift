package import OpenIDConnect
private import Synchronization

/// A clock that only its test moves.
package final class ManualClock: Sendable {
    private let time: Mutex<Instant>

    package init(_ start: Instant = .somewhen) {
        self.time = Mutex(start)
    }

    /// What time it is.
    package var now: Instant {
        self.time.withLock { $0 }
    }

    /// Moves on.
    package func advance(by duration: Duration) {
        self.time.withLock { $0 = $0.advanced(by: duration) }
    }
}

extension Instant {
    /// An ordinary day.
    package static let somewhen = Instant(seconds: 1_800_000_000)
}
