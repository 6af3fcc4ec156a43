package import Access
package import OpenIDConnect

/// The loop breaker (security rule 27): how often this browser has completed a sign-in just now.
///
/// The count is kept in a cookie and believed as it comes: it protects the user from a circle, nobody from the user.
package struct SignInLoop {
    private static let limit = 5
    private static let window = Duration.seconds(60)

    private var count = 0
    private var since = Instant(seconds: 0)

    package init(_ cookies: [String], names: CookieNames) {
        for header in cookies {
            guard
                let value = CookieHeader.values(named: Array(names.flowCounter.utf8), in: header).first(where: { _ in
                    true
                })
            else { continue }
            let parts = value.split(separator: UInt8(ascii: "."))
            guard parts.count == 2, let count = decimal(parts[0].span),
                let since = decimal(parts[1].span)
            else { continue }
            self.count = min(count, Self.limit)
            self.since = Instant(seconds: Int64(since))
        }
    }

    package func isGoingInCircles(now: Instant) -> Bool {
        self.count >= Self.limit && self.isRecent(now)
    }

    /// One more sign-in is complete.
    func completed(on worker: Worker) -> SetCookie {
        let now = worker.wallClock
        let value = self.isRecent(now) ? "\(self.count + 1).\(self.since.seconds)" : "1.\(now.seconds)"
        return Self.cookie(value, maxAge: 60, on: worker)
    }

    static func cleared(on worker: Worker) -> SetCookie {
        Self.cookie("", maxAge: 0, on: worker)
    }

    private func isRecent(_ now: Instant) -> Bool {
        self.since <= now && now - self.since < Self.window
    }

    private static func cookie(_ value: String, maxAge: Int, on worker: Worker) -> SetCookie {
        SetCookie(
            name: worker.settings.cookieNames.flowCounter,
            value: value,
            maxAge: maxAge,
            sameSite: .lax,
            secure: worker.settings.cookiesAreSecure
        )
    }
}
