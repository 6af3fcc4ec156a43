private import CResolver
package import NIOCore
private import NIOPosix
private import Synchronization

/// How long the addresses of a host are good, as its name servers say (RFC 1035, 3.2.1).
///
/// Which addresses those are is the business of the system's resolver, which knows files and caches, too, and tells
/// nobody how long: so DNS is asked for that alone, beside each connection that is made when the last answer has run out.
/// Nobody waits for it.
package final class NameLife: Sendable {
    /// What it takes to find out, in seconds; `nil` when nobody says. May block.
    package typealias Question = @Sendable (_ host: String) -> Int?
    /// Runs what may block, elsewhere.
    package typealias Executor = @Sendable (@escaping @Sendable () -> Void) -> Void

    private struct State {
        var life: TimeAmount?
        var isAsking = false
        /// When the answer has run out.
        var nextQuestion = NIODeadline.uptimeNanoseconds(0)
    }

    private let host: String
    private let question: Question
    private let executor: Executor
    private let state = Mutex(State())

    /// No request pays for a connection of its own, whatever the name servers say.
    private static let shortest = TimeAmount.seconds(1)
    /// Where nobody says anything, it is asked again after this.
    private static let silence = TimeAmount.seconds(60)

    package init(
        of host: String,
        asking question: @escaping Question = NameLife.askDNS,
        on executor: @escaping Executor = NameLife.runElsewhere
    ) {
        self.host = host
        self.question = question
        self.executor = executor
    }

    /// How long a connection made now may take requests: until the name may mean somebody else, and `longest` at most.
    package func life(atMost longest: TimeAmount) -> TimeAmount {
        self.state.withLock { min($0.life ?? longest, longest) }
    }

    /// A connection is being made, for which the name is looked up.
    package func lookedUp(at now: NIODeadline) {
        let isDue = self.state.withLock { state in
            guard !state.isAsking, now >= state.nextQuestion else { return false }
            state.isAsking = true
            return true
        }
        guard isDue else { return }
        self.executor {
            let life = self.question(self.host).map { max(.seconds(Int64($0)), Self.shortest) }
            self.state.withLock { state in
                state.life = life
                state.isAsking = false
                state.nextQuestion = now + (life ?? Self.silence)
            }
        }
    }

    package static let askDNS: Question = { host in
        let seconds = unsafe gatehouse_address_life(host)
        return seconds < 0 ? nil : Int(seconds)
    }

    package static let runElsewhere: Executor = { work in
        NIOThreadPool.singleton.submit { state in
            if case .active = state { work() }
        }
    }
}
