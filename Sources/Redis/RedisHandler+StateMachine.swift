package import NIOCore

extension RedisHandler {
    /// One channel's conversation: commands out, answers in, in the same order. Event in, action out; no I/O.
    ///
    /// Any failure ends the channel. Once an answer is late or not understood, nobody can say which answer belongs to
    /// which command, and one user's session would be given to another.
    package struct StateMachine<Completion>: ~Copyable {
        private enum State {
            /// The channel exists; nothing has been written.
            case initialized
            /// The greeting is on the wire. Its answers decide whether the server is usable; no command goes out yet.
            case greeting
            /// Commands go out as they come, answers are given to them in order.
            case ready
            /// The channel is closed or closing. Nothing is written any more, and what still arrives is dropped.
            case closed
        }

        /// What an answer is for.
        private enum Purpose {
            case greeting(GreetingStep)
            case command(Completion)
        }

        private struct Expected {
            let purpose: Purpose
            let deadline: NIODeadline
        }

        private let maximumPendingCommands: Int
        private var state = State.initialized
        private var expected = CircularBuffer<Expected>(initialCapacity: 16)
        /// Whether the handler will call `tick`.
        private var isTicking = false

        package init(maximumPendingCommands: Int) {
            self.maximumPendingCommands = maximumPendingCommands
        }
    }
}

extension RedisHandler.StateMachine {
    /// A command that gets no answer, and why.
    package struct Failure {
        package let completion: Completion
        package let error: RedisError

        package init(completion: Completion, error: RedisError) {
            self.completion = completion
            self.error = error
        }
    }

    package enum OpenAction {
        /// Write the greeting and begin to call `tick`.
        case writeGreeting
        /// The channel is gone already.
        case fail(RedisError)
    }

    package enum SendAction {
        /// Write the command; with `startTicking`, begin to call `tick` too.
        case write(startTicking: Bool)
        /// The command is not taken.
        case fail(RedisError)
    }

    package enum Action {
        case none
        /// Hand the answer to the command it belongs to.
        case complete(Completion, Result<Reply, RedisError>)
        /// Tell the connection that commands may come.
        case becomeReady
        /// Call `tick` again later.
        case tickAgain
        /// Close the channel, tell the connection, then fail these commands.
        case close(RedisError, failing: [Failure])
    }

    /// The channel stands. `steps` has the greeting in the order it is written, at least one step.
    package mutating func open(_ steps: [GreetingStep], deadline: NIODeadline) -> OpenAction {
        switch self.state {
        case .initialized:
            self.state = .greeting
            self.isTicking = true
            for step in steps {
                self.expected.append(Expected(purpose: .greeting(step), deadline: deadline))
            }
            return .writeGreeting
        case .closed:
            return .fail(.connectionLost("closed while connecting"))
        case .greeting, .ready:
            preconditionFailure("a channel is opened once")
        }
    }

    /// Somebody wants to send a command.
    package mutating func send(_ completion: Completion, deadline: NIODeadline) -> SendAction {
        switch self.state {
        case .ready:
            guard self.expected.count < self.maximumPendingCommands else { return .fail(.queueFull) }
            self.expected.append(Expected(purpose: .command(completion), deadline: deadline))
            defer { self.isTicking = true }
            return .write(startTicking: !self.isTicking)
        case .initialized, .greeting, .closed:
            return .fail(.connectionLost("the channel is not ready"))
        }
    }

    /// The server answered.
    package mutating func received(_ reply: Reply) -> Action {
        switch self.state {
        case .greeting, .ready:
            guard let expected = self.expected.popFirst() else {
                return self.close(.protocolViolation("an answer that nobody asked for"))
            }
            switch expected.purpose {
            case .command(let completion):
                if case .error(let message) = reply {
                    return .complete(completion, .failure(RedisError(reply: message)))
                }
                return .complete(completion, .success(reply))
            case .greeting(let step):
                return self.received(reply, to: step)
            }
        case .initialized:
            return self.close(.protocolViolation("an answer that nobody asked for"))
        case .closed:
            return .none
        }
    }

    private mutating func received(_ reply: Reply, to step: GreetingStep) -> Action {
        if let error = step.refusal(reply) {
            return self.close(error)
        }
        guard self.expected.isEmpty else { return .none }
        self.state = .ready
        return .becomeReady
    }

    /// Time has passed. Answers come in order, so the first expected is always the oldest.
    package mutating func tick(now: NIODeadline) -> Action {
        guard let first = self.expected.first else {
            self.isTicking = false
            return .none
        }
        switch self.state {
        case .greeting, .ready:
            guard first.deadline <= now else { return .tickAgain }
            return self.close(.timeout, now: now)
        case .initialized, .closed:
            return .none
        }
    }

    /// The socket, TLS or the parser failed, or we close.
    package mutating func failed(_ error: RedisError) -> Action {
        switch self.state {
        case .initialized:
            self.state = .closed
            return .none
        case .greeting, .ready:
            return self.close(error)
        case .closed:
            return .none
        }
    }

    /// Commands behind one that is late are not late themselves: theirs is a lost connection.
    private mutating func close(_ error: RedisError, now: NIODeadline? = nil) -> Action {
        self.state = .closed
        var failures: [Failure] = []
        for expected in self.expected {
            guard case .command(let completion) = expected.purpose else { continue }
            let isEarly = now.map { expected.deadline > $0 } ?? false
            let reason = isEarly ? .connectionLost("an earlier command timed out") : error
            failures.append(Failure(completion: completion, error: reason))
        }
        self.expected.removeAll()
        return .close(error, failing: failures)
    }
}
