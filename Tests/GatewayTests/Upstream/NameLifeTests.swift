import Gateway
import NIOCore
import Synchronization
import Testing

@Suite struct NameLifeTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// Answers one question after another.
    private final class Answers: Sendable {
        let asked = Mutex<[String]>([])
        let answers: Mutex<[NameLife.Answer]>

        init(_ answers: [NameLife.Answer]) {
            self.answers = Mutex(answers)
        }

        func answer(_ host: String) -> NameLife.Answer {
            self.asked.withLock { $0.append(host) }
            return self.answers.withLock { $0.removeFirst() }
        }

        var count: Int { self.asked.withLock { $0.count } }
    }

    private func name(_ answers: Answers) -> NameLife {
        NameLife(of: "app.example.com", asking: { answers.answer($0) }, on: { $0() })
    }

    /// Some seconds after the start.
    private func at(_ seconds: Double) -> NIODeadline {
        self.start + .nanoseconds(Int64(seconds * 1e9))
    }

    @Test(arguments: [NameLife.Answer.unknown, .unanswered])
    func whatNobodySaysIsNotOver(answer: NameLife.Answer) {
        let name = self.name(Answers([answer]))
        #expect(!name.isOver(since: self.start, at: self.at(1000)))
        name.lookedUp(at: self.start)
        #expect(!name.isOver(since: self.start, at: self.at(1000)))
    }

    @Test(arguments: [(5, 5.0), (300, 300), (0, 1), (1, 1)])
    func itIsOverWhenDNSSaysAndNotWithinASecond(said: Int, life: Double) {
        let answers = Answers([.seconds(said)])
        let name = self.name(answers)
        name.lookedUp(at: self.start)
        #expect(!name.isOver(since: self.start, at: self.at(life - 0.001)))
        #expect(name.isOver(since: self.start, at: self.at(life)))
        #expect(answers.asked.withLock { $0 } == ["app.example.com"])
    }

    @Test func whatALookupWithinTheSameTimeFoundIsOverWithIt() {
        let answers = Answers([.seconds(20)])
        let name = self.name(answers)
        name.lookedUp(at: self.start)
        name.lookedUp(at: self.at(19))
        #expect(answers.count == 1)
        #expect(!name.isOver(since: self.at(19), at: self.at(19.9)))
        #expect(name.isOver(since: self.at(19), at: self.at(20)))
    }

    @Test func whatIsOverStaysOverWhateverTheNextAnswerSays() {
        let name = self.name(Answers([.seconds(2), .seconds(60), .unknown, .seconds(5)]))
        name.lookedUp(at: self.start)
        name.lookedUp(at: self.at(3))
        #expect(name.isOver(since: self.start, at: self.at(3.1)))
        #expect(!name.isOver(since: self.at(3), at: self.at(62)))
        name.lookedUp(at: self.at(63))
        #expect(name.isOver(since: self.at(3), at: self.at(63)))
        #expect(!name.isOver(since: self.at(63), at: self.at(1000)))
        name.lookedUp(at: self.at(123))
        #expect(name.isOver(since: self.at(3), at: self.at(124)))
        #expect(name.isOver(since: self.at(63), at: self.at(128)))
    }

    @Test func itIsAskedAgainWhenTheAnswerHasRunOut() {
        let answers = Answers([.seconds(5), .unanswered, .unknown, .seconds(9)])
        let name = self.name(answers)
        for (second, count) in [(0.0, 1), (4.999, 1), (5, 2), (9.9, 2), (10, 3), (69.9, 3), (70, 4), (78.9, 4)] {
            name.lookedUp(at: self.at(second))
            #expect(answers.count == count, "at \(second)")
        }
    }

    @Test func oneQuestionAtATime() {
        let answers = Answers([.seconds(5)])
        let waiting = Mutex<[@Sendable () -> Void]>([])
        let name = NameLife(
            of: "app.example.com",
            asking: { answers.answer($0) },
            on: { work in waiting.withLock { $0.append(work) } }
        )
        for _ in 0..<3 { name.lookedUp(at: self.start) }
        #expect(waiting.withLock { $0.count } == 1)
        for work in waiting.withLock({ $0 }) { work() }
        #expect(name.isOver(since: self.start, at: self.at(5)))
    }

    @Test func whatAFileKnowsHasNoTime() {
        guard case .unknown = NameLife.askDNS("localhost") else {
            Issue.record("DNS was asked for a name of /etc/hosts")
            return
        }
    }
}
