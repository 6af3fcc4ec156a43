package import NIOCore

/// Whether requests should go to an upstream's address, judged by what became of earlier ones. No socket, no clock.
package struct UpstreamHealth {
    /// Failures in a row that may be chance.
    private static let chance = 2
    /// The back-off doubles from one second up to this many times.
    private static let doublings = 5

    package private(set) var failures = 0
    private var restsUntil = NIODeadline.uptimeNanoseconds(0)
    /// What the last active check has found; nothing is wrong before the first.
    private(set) var passedCheck = true

    package init() {}

    /// - Parameter isCertain: nobody has accepted the connection, which is no chance.
    package mutating func failed(_ now: NIODeadline, isCertain: Bool) {
        self.failures = isCertain ? max(self.failures, Self.chance) + 1 : self.failures + 1
        guard self.failures > Self.chance else { return }
        self.restsUntil = now + .seconds(1 << Int64(min(self.failures - Self.chance - 1, Self.doublings)))
    }

    package mutating func succeeded() {
        self.failures = 0
        self.restsUntil = .uptimeNanoseconds(0)
    }

    package mutating func checked(_ passed: Bool) {
        self.passedCheck = passed
        if passed { self.succeeded() }
    }

    package func isUsable(_ now: NIODeadline) -> Bool { self.passedCheck && self.restsUntil <= now }

    /// When nobody is usable, whoever rests the shortest is asked all the same.
    package var rest: NIODeadline { self.restsUntil }
}
