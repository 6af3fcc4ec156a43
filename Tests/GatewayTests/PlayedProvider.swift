import Access
import Gateway
import OpenIDConnect
import Synchronization
import TestSupport

/// The provider's token endpoint as a test plays it: every refresh token is replaced by the next, and what was presented
/// is kept.
final class PlayedProvider: Sendable {
    typealias Answer = @Sendable (RefreshErrand, Session) async throws(RefreshExchange.Failure) -> Session

    private struct State {
        var presented: [String] = []
        var errands: [RefreshErrand] = []
        var revoked: [String] = []
        var answer: Answer?
        var isHolding = false
        var held: [CheckedContinuation<Void, Never>] = []
        var arrivals: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let clock: ManualClock

    init(clock: ManualClock) {
        self.clock = clock
    }

    /// Refresh tokens in the order in which they came.
    var presented: [String] { self.state.withLock { $0.presented } }
    var errands: [RefreshErrand] { self.state.withLock { $0.errands } }

    var revoked: [String] { self.state.withLock { $0.revoked } }

    func revoke(_ token: String) {
        self.state.withLock { $0.revoked.append(token) }
    }

    /// From now on it answers so; `nil`: well.
    func answer(_ answer: Answer?) {
        self.state.withLock { $0.answer = answer }
    }

    /// From now on answers are held back.
    func hold() {
        self.state.withLock { $0.isHolding = true }
    }

    func release() {
        let held = self.state.withLock { state in
            defer { state.held = [] }
            state.isHolding = false
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    /// Returns when so many tokens have been presented.
    func hasSeen(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                if state.presented.count < count { state.arrivals.append((count, continuation)) }
                return state.presented.count >= count
            }
            if isThere { continuation.resume() }
        }
    }

    @Sendable func present(
        _ errand: RefreshErrand,
        _ session: Session
    ) async throws(RefreshExchange.Failure) -> Session {
        let (arrived, answer) = self.state.withLock { state in
            state.presented.append(session.refreshToken ?? "none")
            state.errands.append(errand)
            let arrived = state.arrivals.filter { $0.count <= state.presented.count }
            state.arrivals.removeAll { $0.count <= state.presented.count }
            return (arrived.map(\.continuation), state.answer)
        }
        for continuation in arrived { continuation.resume() }
        await withCheckedContinuation { continuation in
            let isHeld = self.state.withLock { state in
                if state.isHolding { state.held.append(continuation) }
                return state.isHolding
            }
            if !isHeld { continuation.resume() }
        }
        if let answer { return try await answer(errand, session) }
        return self.next(errand, session)
    }

    /// What comes of a token when all goes well.
    func next(_ errand: RefreshErrand, _ session: Session) -> Session {
        let number = session.generation + 1
        let now = self.clock.now
        switch errand {
        case .renewal:
            return .make(
                accessToken: "access-\(number)",
                accessTokenExpiresAt: now.advanced(by: .seconds(3600)),
                refreshToken: "refresh-\(number)",
                idTokenExpiresAt: now.advanced(by: .seconds(3600)),
                refreshedAt: now,
                generation: number
            )
        case .upstreamToken(let purpose):
            let token = ObtainedToken(
                purpose: purpose,
                text: "for-\(purpose.resource ?? "")-\(number)",
                obtainedAt: now,
                expiresAt: now.advanced(by: .seconds(600))
            )
            return session.adding(token, refreshToken: "refresh-\(number)", now: now)
        }
    }
}
