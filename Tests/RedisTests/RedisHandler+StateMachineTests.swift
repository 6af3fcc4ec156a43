import NIOCore
import Redis
import Testing

struct RedisHandlerStateMachineTests {
    typealias Machine = RedisHandler.StateMachine<String>

    @Test func aServerIsGreetedAndThenUsed() {
        var machine = Machine(maximumPendingCommands: 10)
        #expect(machine.open([.authenticate, .select, .name], deadline: at(2_000)) == .writeGreeting)
        #expect(machine.received(.status("OK")) == .none)
        #expect(machine.received(.status("OK")) == .none)
        #expect(machine.received(.status("OK")) == .becomeReady)

        #expect(machine.send("a", deadline: at(500)) == .write(startTicking: false))
        #expect(machine.send("b", deadline: at(500)) == .write(startTicking: false))
        #expect(machine.received(.integer(1)) == .complete("a", .success(.integer(1))))
        #expect(machine.received(.null) == .complete("b", .success(.null)))
    }

    @Test func anErrorReplyFailsItsCommandAndNoOther() {
        var machine = readyMachine()
        _ = machine.send("a", deadline: at(500))
        _ = machine.send("b", deadline: at(500))
        let error = RedisError.server(code: "READONLY", message: "READONLY no")
        #expect(machine.received(.error("READONLY no")) == .complete("a", .failure(error)))
        #expect(machine.received(.status("OK")) == .complete("b", .success(.status("OK"))))
    }

    @Test func noCommandGoesOutBeforeTheGreetingIsAnswered() {
        var machine = Machine(maximumPendingCommands: 10)
        #expect(machine.send("a", deadline: at(500)) == .fail(.connectionLost("the channel is not ready")))
        _ = machine.open([.name], deadline: at(2_000))
        #expect(machine.send("a", deadline: at(500)) == .fail(.connectionLost("the channel is not ready")))
    }

    @Test func aWrongPasswordEndsIt() {
        var machine = Machine(maximumPendingCommands: 10)
        _ = machine.open([.authenticate, .name], deadline: at(2_000))
        let error = RedisError.server(code: "WRONGPASS", message: "WRONGPASS no")
        #expect(machine.received(.error("WRONGPASS no")) == .close(error, failing: []))
        #expect(machine.received(.error("NOAUTH no")) == .none)
    }

    @Test(arguments: ["NOPERM no permission", "ERR unknown command 'CLIENT'", "ERR Unknown subcommand"])
    func aServerThatDoesNotLetUsHaveANameIsUsable(message: String) {
        var machine = Machine(maximumPendingCommands: 10)
        _ = machine.open([.name], deadline: at(2_000))
        #expect(machine.received(.error(message)) == .becomeReady)
    }

    @Test(arguments: [
        ("NOAUTH Authentication required.", "NOAUTH"), ("ERR max number of clients reached", "ERR"), ("BUSY x", "BUSY"),
    ])
    func aServerThatDoesNotWantUsIsNotUsable(message: String, code: String) {
        var machine = Machine(maximumPendingCommands: 10)
        _ = machine.open([.name], deadline: at(2_000))
        #expect(machine.received(.error(message)) == .close(.server(code: code, message: message), failing: []))
    }

    @Test func aGreetingIsAnsweredWithOKAndNothingElse() {
        for reply in [Reply.null, .integer(1), .status("PONG"), .array([])] {
            var machine = Machine(maximumPendingCommands: 10)
            _ = machine.open([.name], deadline: at(2_000))
            let error = RedisError.protocolViolation("the greeting was not answered with OK")
            #expect(machine.received(reply) == .close(error, failing: []))
        }
    }

    @Test func anAnswerThatNobodyAskedForEndsIt() {
        let error = RedisError.protocolViolation("an answer that nobody asked for")
        var ready = readyMachine()
        #expect(ready.received(.status("OK")) == .close(error, failing: []))
        var early = Machine(maximumPendingCommands: 10)
        #expect(early.received(.status("OK")) == .close(error, failing: []))
    }

    @Test func aLateAnswerEndsTheChannelAndAllThatWaitBehindIt() {
        var machine = readyMachine()
        _ = machine.send("a", deadline: at(500))
        _ = machine.send("b", deadline: at(500))
        _ = machine.send("c", deadline: at(600))
        #expect(machine.tick(now: at(499)) == .tickAgain)
        let failures = [
            Machine.Failure(completion: "a", error: .timeout), Machine.Failure(completion: "b", error: .timeout),
            Machine.Failure(completion: "c", error: .connectionLost("an earlier command timed out")),
        ]
        #expect(machine.tick(now: at(500)) == .close(.timeout, failing: failures))
        // The late answers come after all: they belong to nobody.
        #expect(machine.received(.bytes(Array("a's session".utf8))) == .none)
        #expect(machine.send("d", deadline: at(900)) == .fail(.connectionLost("the channel is not ready")))
    }

    @Test func aGreetingThatIsNotAnsweredEndsIt() {
        var machine = Machine(maximumPendingCommands: 10)
        _ = machine.open([.name], deadline: at(2_000))
        #expect(machine.tick(now: at(1_999)) == .tickAgain)
        #expect(machine.tick(now: at(2_000)) == .close(.timeout, failing: []))
    }

    @Test func theClockStopsWhenNothingIsAwaitedAndStartsWithTheNextCommand() {
        var machine = readyMachine()
        #expect(machine.tick(now: at(10)) == .none)
        #expect(machine.send("a", deadline: at(500)) == .write(startTicking: true))
        #expect(machine.send("b", deadline: at(500)) == .write(startTicking: false))
        #expect(machine.tick(now: at(20)) == .tickAgain)
        _ = machine.received(.null)
        _ = machine.received(.null)
        #expect(machine.send("c", deadline: at(600)) == .write(startTicking: false))
    }

    @Test func onlySoManyCommandsWait() {
        var machine = Machine(maximumPendingCommands: 2)
        _ = machine.open([.name], deadline: at(2_000))
        _ = machine.received(.status("OK"))
        #expect(machine.send("a", deadline: at(500)) == .write(startTicking: false))
        #expect(machine.send("b", deadline: at(500)) == .write(startTicking: false))
        #expect(machine.send("c", deadline: at(500)) == .fail(.queueFull))
        _ = machine.received(.null)
        #expect(machine.send("c", deadline: at(500)) == .write(startTicking: false))
    }

    @Test func aFailureFailsAllThatIsPendingOnce() {
        var machine = readyMachine()
        _ = machine.send("a", deadline: at(500))
        let failures = [Machine.Failure(completion: "a", error: .connectionLost("gone"))]
        #expect(machine.failed(.connectionLost("gone")) == .close(.connectionLost("gone"), failing: failures))
        #expect(machine.failed(.closed) == .none)
        #expect(machine.tick(now: at(1_000)) == .none)
    }

    @Test func aChannelThatClosesBeforeItIsUsedSaysSoWhenItIs() {
        var machine = Machine(maximumPendingCommands: 10)
        #expect(machine.failed(.connectionLost("gone")) == .none)
        #expect(machine.open([.name], deadline: at(1)) == .fail(.connectionLost("closed while connecting")))
    }

    private func readyMachine() -> Machine {
        var machine = Machine(maximumPendingCommands: 10)
        _ = machine.open([.name], deadline: at(2_000))
        _ = machine.received(.status("OK"))
        return machine
    }

    private func at(_ milliseconds: UInt64) -> NIODeadline {
        .uptimeNanoseconds(milliseconds * 1_000_000)
    }
}

extension RedisHandler.StateMachine.Failure: Equatable where Completion == String {
    static func == (left: Self, right: Self) -> Bool {
        left.completion == right.completion && left.error == right.error
    }
}

extension RedisHandler.StateMachine.OpenAction: Equatable where Completion == String {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.writeGreeting, .writeGreeting): true
        case (.fail(let left), .fail(let right)): left == right
        default: false
        }
    }
}

extension RedisHandler.StateMachine.SendAction: Equatable where Completion == String {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.write(let left), .write(let right)): left == right
        case (.fail(let left), .fail(let right)): left == right
        default: false
        }
    }
}

extension RedisHandler.StateMachine.Action: Equatable where Completion == String {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.none, .none), (.becomeReady, .becomeReady), (.tickAgain, .tickAgain): true
        case (.complete(let left, let answer), .complete(let right, let other)): left == right && answer == other
        case (.close(let left, let failures), .close(let right, let others)): left == right && failures == others
        default: false
        }
    }
}
