package import OpenIDConnect

/// When a session has to be renewed at the provider, and how: decided once for each of its generations.
package struct RenewalPlan: Sendable, Equatable {
    /// What the operator has set.
    package struct Rules: Sendable, Equatable {
        /// So long before the tokens expire they are refreshed.
        package var refreshAhead: Duration
        /// So long a session without a refresh token goes on before the provider is asked through the browser. `nil`: to
        /// its end.
        package var revalidateAfter: Duration?

        package init(refreshAhead: Duration, revalidateAfter: Duration?) {
            self.refreshAhead = refreshAhead
            self.revalidateAfter = revalidateAfter
        }
    }

    /// What a request has to wait for, or start.
    package enum Need: Sendable, Equatable {
        case none
        /// Refresh; before anything else when it is overdue, and otherwise beside it.
        case refresh(isOverdue: Bool)
        /// One trip of the browser to the provider; until it is overdue only where a browser can make it.
        case revalidate(isOverdue: Bool)
    }

    private let hasRefreshToken: Bool
    private let dueAt: Instant
    private let overdueAt: Instant

    private static let never = Instant(seconds: .max)
    /// Tokens that live shorter are taken to live so long: nobody refreshes with each request.
    private static let shortestLife = Duration.seconds(1)

    /// - Parameter jitter: 0 up to 1; sessions that began together are refreshed apart.
    package init(for session: Session, rules: Rules, jitter: Double) {
        self.hasRefreshToken = session.refreshToken != nil
        if self.hasRefreshToken, let end = session.tokensExpireAt {
            self.overdueAt = max(end, session.refreshedAt.advanced(by: Self.shortestLife))
            // Tokens of a minute are not refreshed five minutes ahead.
            let ahead = min(rules.refreshAhead, (self.overdueAt - session.refreshedAt) / 4)
            self.dueAt = self.overdueAt.advanced(by: ahead * -(0.5 + jitter / 2))
        } else if self.hasRefreshToken {
            self.dueAt = Self.never
            self.overdueAt = Self.never
        } else {
            let after = rules.revalidateAfter
            let dueAt = after.map { session.refreshedAt.advanced(by: $0) } ?? Self.never
            self.dueAt = session.mustRevalidate ? session.refreshedAt : dueAt
            self.overdueAt = after.map { session.refreshedAt.advanced(by: $0 * 2) } ?? Self.never
        }
    }

    /// Whether the session may be used although its renewal has failed.
    package func mayGoOn(now: Instant) -> Bool { now < self.overdueAt }

    /// - Parameter isStale: the provider has told that something has changed.
    package func need(now: Instant, isStale: Bool) -> Need {
        if now >= self.overdueAt {
            return self.hasRefreshToken ? .refresh(isOverdue: true) : .revalidate(isOverdue: true)
        }
        if isStale, self.hasRefreshToken { return .refresh(isOverdue: true) }
        guard now >= self.dueAt || isStale else { return .none }
        return self.hasRefreshToken ? .refresh(isOverdue: false) : .revalidate(isOverdue: false)
    }
}
