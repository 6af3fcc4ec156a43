import NIOCore
import Redis
import Testing

struct RedisConnectionStateMachineTests {
    typealias Machine = RedisConnection.StateMachine<String>

    @Test func itConnectsOnceWhenStarted() {
        var machine = Machine(maximumWaiting: 10)
        #expect(machine.wantsChannel == false)
        #expect(machine.start() == .connect)
        #expect(machine.start() == .none)
        #expect(machine.wantsChannel == true)
        #expect(machine.isReady == false)
        #expect(machine.becameReady(at: at(5_000)) == .write([]))
        #expect(machine.isReady == true)
        #expect(machine.start() == .none)
    }

    @Test func theFirstCommandConnectsAndWaits() {
        var machine = Machine(maximumWaiting: 10)
        #expect(machine.send(ping, "a", deadline: at(10)) == .wait(connect: true, wakeUp: true))
        #expect(machine.send(ping, "b", deadline: at(11)) == .wait(connect: false, wakeUp: false))
        #expect(machine.becameReady(at: at(5_000)) == .write(["a", "b"]))
    }

    @Test func itComesBackAfterEachFailureAndCountsThem() {
        var machine = Machine(maximumWaiting: 10)
        _ = machine.start()
        let gone = RedisError.connectionLost("refused")
        #expect(machine.failed(gone) == .retry(gone, failures: 1, wasReady: false, failing: []))
        #expect(machine.start() == .none)
        #expect(machine.backoffPassed() == .connect)
        #expect(machine.failed(gone) == .retry(gone, failures: 2, wasReady: false, failing: []))
        #expect(machine.backoffPassed() == .connect)
        #expect(machine.becameReady(at: at(5_000)) == .write([]))
        // A channel that does not last is one failure more; one that does is none.
        #expect(machine.failed(gone, at: at(5_999)) == .retry(gone, failures: 3, wasReady: true, failing: []))
        #expect(machine.isReady == false)
        #expect(machine.backoffPassed() == .connect)
        _ = machine.becameReady(at: at(5_000))
        #expect(machine.failed(gone, at: at(6_000)) == .retry(gone, failures: 0, wasReady: true, failing: []))
    }

    @Test func afterFourFailuresNobodyWaits() {
        var machine = Machine(maximumWaiting: 10)
        _ = machine.send(ping, "a", deadline: at(10_000))
        let gone = RedisError.connectionLost("refused")
        for _ in 0..<3 {
            _ = machine.failed(gone)
            _ = machine.backoffPassed()
        }
        #expect(machine.send(ping, "b", deadline: at(10_000)) == .wait(connect: false, wakeUp: false))
        #expect(machine.failed(gone) == .retry(gone, failures: 4, wasReady: false, failing: ["a", "b"]))
        let open = RedisError.unavailable("the connection to Redis was lost: refused")
        #expect(machine.send(ping, "c", deadline: at(10_000)) == .fail(open))
        _ = machine.backoffPassed()
        #expect(machine.send(ping, "d", deadline: at(10_000)) == .fail(open))
        #expect(machine.becameReady(at: at(0)) == .write([]))
    }

    @Test func commandsThatWaitSurviveFailedAttempts() {
        var machine = Machine(maximumWaiting: 10)
        _ = machine.send(ping, "a", deadline: at(10))
        let gone = RedisError.connectionLost("refused")
        #expect(machine.failed(gone) == .retry(gone, failures: 1, wasReady: false, failing: []))
        #expect(machine.send(ping, "b", deadline: at(11)) == .wait(connect: false, wakeUp: false))
        _ = machine.backoffPassed()
        #expect(machine.becameReady(at: at(5_000)) == .write(["a", "b"]))
    }

    @Test(arguments: [RedisError.server(code: "WRONGPASS", message: ""), .tls("not trusted")])
    func aRefusalFailsAllThatWait(refusal: RedisError) {
        var machine = Machine(maximumWaiting: 10)
        _ = machine.send(ping, "a", deadline: at(10))
        #expect(machine.failed(refusal) == .retry(refusal, failures: 1, wasReady: false, failing: ["a"]))
        #expect(machine.send(ping, "b", deadline: at(11)) == .wait(connect: false, wakeUp: true))
    }

    @Test func commandsThatWaitTooLongFailOldestFirst() {
        var machine = Machine(maximumWaiting: 10)
        _ = machine.send(ping, "a", deadline: at(10))
        _ = machine.send(ping, "b", deadline: at(10))
        _ = machine.send(ping, "c", deadline: at(12))
        _ = machine.failed(.connectionLost("refused"))
        let first = machine.deadlinePassed(now: at(10))
        #expect(first.expired.map(\.completion) == ["a", "b"])
        #expect(first.error == .unavailable("the connection to Redis was lost: refused"))
        #expect(first.next == at(12))
        let second = machine.deadlinePassed(now: at(20))
        #expect(second.expired.map(\.completion) == ["c"])
        #expect(second.next == nil)
        #expect(machine.send(ping, "d", deadline: at(30)) == .wait(connect: false, wakeUp: true))
    }

    @Test func onlySoManyCommandsWait() {
        var machine = Machine(maximumWaiting: 2)
        _ = machine.send(ping, "a", deadline: at(10))
        _ = machine.send(ping, "b", deadline: at(10))
        #expect(machine.send(ping, "c", deadline: at(10)) == .fail(.queueFull))
    }

    @Test func closingIsFinal() {
        var machine = Machine(maximumWaiting: 10)
        _ = machine.send(ping, "a", deadline: at(10))
        #expect(machine.close() == .close(failing: ["a"]))
        #expect(machine.close() == .none)
        #expect(machine.start() == .none)
        #expect(machine.send(ping, "b", deadline: at(10)) == .fail(.closed))
        // What was under way comes to an end without effect.
        #expect(machine.wantsChannel == false)
        #expect(machine.becameReady(at: at(5_000)) == .none)
        #expect(machine.failed(.closed) == .none)
        #expect(machine.backoffPassed() == .none)
    }

    private let ping = RedisCommand("PING")

    private func at(_ milliseconds: UInt64) -> NIODeadline {
        .uptimeNanoseconds(milliseconds * 1_000_000)
    }
}

extension RedisConnection.StateMachine.Waiting: Equatable, ExpressibleByUnicodeScalarLiteral,
    ExpressibleByExtendedGraphemeClusterLiteral, ExpressibleByStringLiteral
where Completion == String {
    /// A command that waits, by its completion's name.
    init(stringLiteral name: String) {
        self.init(command: RedisCommand("PING"), completion: name, deadline: .distantFuture)
    }

    static func == (left: Self, right: Self) -> Bool {
        left.completion == right.completion
    }
}

extension RedisConnection.StateMachine.SendAction: Equatable where Completion == String {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.wait(let connect, let wakeUp), .wait(let otherConnect, let otherWakeUp)):
            connect == otherConnect && wakeUp == otherWakeUp
        case (.fail(let left), .fail(let right)): left == right
        default: false
        }
    }
}

extension RedisConnection.StateMachine.Action: Equatable where Completion == String {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.none, .none), (.connect, .connect): true
        case (.write(let left), .write(let right)), (.close(let left), .close(let right)): left == right
        case (
            .retry(let error, let failures, let wasReady, let failing),
            .retry(let otherError, let otherFailures, let otherWasReady, let otherFailing)
        ):
            error == otherError && failures == otherFailures && wasReady == otherWasReady && failing == otherFailing
        default: false
        }
    }
}
