package import NIOCore

/// Whether requests should go to an upstream's address, judged by what became of earlier ones. No socket, no clock.
package struct UpstreamHealth {
    /// Failures in a row that may be chance.
    private static let chance = 2
    /// The back-off doubles from one second up to this many times.
    private static let doublings = 5

    package private(set) var failures = 0
    private var restsUntil = NIODeadline.uptimeNanoseconds(0)
    /// The paths at which the last active check has found something wrong; nothing is before the first.
    private var failing: Set<String> = []

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

    package mutating func checked(_ path: String, passed: Bool) {
        if passed {
            self.failing.remove(path)
            self.succeeded()
        } else {
            self.failing.insert(path)
        }
    }

    /// Nobody asks at any other path any more: what was found there is nobody's business.
    package mutating func forgetChecks(besides paths: Set<String>) {
        self.failing.formIntersection(paths)
    }

    /// - Parameter path: where whoever wants to know has it checked; what others have found elsewhere is theirs.
    package func isUsable(_ now: NIODeadline, checkedAt path: String?) -> Bool {
        guard self.restsUntil <= now else { return false }
        return self.failing.isEmpty || path.map { !self.failing.contains($0) } ?? true
    }

    /// Whether nobody has found anything wrong.
    package func isUsable(_ now: NIODeadline) -> Bool { self.restsUntil <= now && self.failing.isEmpty }

    /// When nobody is usable, whoever rests the shortest is asked all the same.
    package var rest: NIODeadline { self.restsUntil }
}
