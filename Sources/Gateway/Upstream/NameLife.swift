private import CResolver
package import NIOCore
private import NIOPosix
private import Synchronization

/// How long the addresses of a host are good, as its name servers say (RFC 1035, 3.2.1).
///
/// Which addresses those are is the business of the system's resolver, which knows files and caches, too, and tells
/// nobody how long: so DNS is asked for that alone, beside a connection that is made when the last answer has run out.
/// Nobody waits for it.
package final class NameLife: Sendable {
    package enum Answer: Sendable {
        case seconds(Int)
        /// The name is not DNS' business, or DNS does not know it.
        case unknown
        case unanswered
    }

    /// What it takes to find out. May block.
    package typealias Question = @Sendable (_ host: String) -> Answer
    /// Runs what may block, elsewhere.
    package typealias Executor = @Sendable (@escaping @Sendable () -> Void) -> Void

    private struct State {
        /// When the last answer runs out. What was looked up before is good until then and no longer, whatever the next
        /// answer says: a cache tells the time that is left, which begins anew.
        var end = NIODeadline.distantFuture
        /// The same of the answer before.
        var lastEnd = NIODeadline.uptimeNanoseconds(0)
        var isAsking = false
        var nextQuestion = NIODeadline.uptimeNanoseconds(0)

        mutating func take(_ answer: Answer, askedAt now: NIODeadline) {
            self.isAsking = false
            if case .unanswered = answer {
                self.nextQuestion = now + NameLife.pauses.unanswered
                return
            }
            if self.end <= now { self.lastEnd = self.end }
            if case .seconds(let seconds) = answer {
                self.end = now + max(.seconds(Int64(seconds)), NameLife.shortest)
                self.nextQuestion = self.end
            } else {
                self.end = .distantFuture
                self.nextQuestion = now + NameLife.pauses.unknown
            }
        }
    }

    private let host: String
    private let question: Question
    private let executor: Executor
    private let state = Mutex(State())

    /// No request pays for a connection of its own, whatever the name servers say.
    private static let shortest = TimeAmount.seconds(1)
    /// When it is asked again where nobody says anything, and where nobody has answered.
    private static let pauses = (unknown: TimeAmount.seconds(60), unanswered: TimeAmount.seconds(5))

    package init(
        of host: String,
        asking question: @escaping Question = NameLife.askDNS,
        on executor: @escaping Executor = NameLife.runElsewhere
    ) {
        self.host = host
        self.question = question
        self.executor = executor
    }

    /// Whether the name may mean somebody else by now than it did when it was looked up.
    package func isOver(since lookup: NIODeadline, at now: NIODeadline) -> Bool {
        self.state.withLock { lookup < $0.lastEnd || lookup < $0.end && now >= $0.end }
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
            let answer = self.question(self.host)
            self.state.withLock { $0.take(answer, askedAt: now) }
        }
    }

    package static let askDNS: Question = { host in
        let seconds = unsafe gatehouse_address_life(host)
        return seconds >= 0 ? .seconds(Int(seconds)) : seconds == GATEHOUSE_LIFE_UNANSWERED ? .unanswered : .unknown
    }

    package static let runElsewhere: Executor = { work in
        NIOThreadPool.singleton.submit { state in
            if case .active = state { work() }
        }
    }
}
