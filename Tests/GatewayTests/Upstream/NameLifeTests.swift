import Gateway
import NIOCore
import Synchronization
import Testing

@Suite struct NameLifeTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// Answers one question after another.
    private final class Answers: Sendable {
        let asked = Mutex<[String]>([])
        let lives: Mutex<[Int?]>

        init(_ lives: [Int?]) {
            self.lives = Mutex(lives)
        }

        func life(of host: String) -> Int? {
            self.asked.withLock { $0.append(host) }
            return self.lives.withLock { $0.removeFirst() }
        }

        var count: Int { self.asked.withLock { $0.count } }
    }

    private func name(_ answers: Answers) -> NameLife {
        NameLife(of: "app.example.com", asking: { answers.life(of: $0) }, on: { $0() })
    }

    @Test func whatNobodyHasSaidIsAsConfigured() {
        #expect(self.name(Answers([])).life(atMost: .seconds(30)) == .seconds(30))
        let name = self.name(Answers([nil]))
        name.lookedUp(at: self.start)
        #expect(name.life(atMost: .seconds(30)) == .seconds(30))
    }

    @Test(arguments: [(5, 5), (30, 30), (300, 30), (0, 1), (1, 1)])
    func theShorterCountsAndNoneIsShorterThanASecond(said: Int, life: Int64) {
        let answers = Answers([said])
        let name = self.name(answers)
        name.lookedUp(at: self.start)
        #expect(name.life(atMost: .seconds(30)) == .seconds(life))
        #expect(answers.asked.withLock { $0 } == ["app.example.com"])
    }

    @Test func itIsAskedAgainWhenTheAnswerHasRunOut() {
        let answers = Answers([5, 7, nil, 9])
        let name = self.name(answers)
        name.lookedUp(at: self.start)
        name.lookedUp(at: self.start + .milliseconds(4_999))
        #expect(answers.count == 1)
        name.lookedUp(at: self.start + .seconds(5))
        #expect(name.life(atMost: .seconds(30)) == .seconds(7))
        name.lookedUp(at: self.start + .seconds(12))
        #expect(name.life(atMost: .seconds(30)) == .seconds(30), "an old answer is none")
        name.lookedUp(at: self.start + .seconds(71))
        #expect(answers.count == 3)
        name.lookedUp(at: self.start + .seconds(72))
        #expect(name.life(atMost: .seconds(30)) == .seconds(9))
    }

    @Test func oneQuestionAtATime() {
        let answers = Answers([5])
        let waiting = Mutex<[@Sendable () -> Void]>([])
        let name = NameLife(
            of: "app.example.com",
            asking: { answers.life(of: $0) },
            on: { work in waiting.withLock { $0.append(work) } }
        )
        for _ in 0..<3 { name.lookedUp(at: self.start) }
        #expect(waiting.withLock { $0.count } == 1)
        for work in waiting.withLock({ $0 }) { work() }
        #expect(name.life(atMost: .seconds(30)) == .seconds(5))
    }

    @Test func whatOnlyAFileKnowsHasNoTime() {
        // RFC 6761, section 6.4: no name server knows it.
        #expect(NameLife.askDNS("nobody.invalid") == nil)
    }
}
