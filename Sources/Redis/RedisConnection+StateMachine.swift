package import NIOCore

extension RedisConnection {
    /// When to connect, when to try again, and which commands wait meanwhile. Event in, action out; no I/O.
    package struct StateMachine<Completion>: ~Copyable {
        private enum State {
            /// Nobody has asked for anything: there is no socket.
            case idle
            /// A socket is being opened or the server greeted, after so many failures in a row.
            case connecting(failures: Int)
            /// The server took the greeting: commands go straight to the channel.
            case ready
            /// The last attempt failed or the channel was lost; the next attempt comes when the back-off has passed.
            case backingOff(failures: Int)
            /// `close()` was called. Final.
            case closed
        }

        private let maximumWaiting: Int
        private var state = State.idle
        /// Commands that came while there was no channel, oldest first. Empty when ready.
        private var waiting = CircularBuffer<Waiting>(initialCapacity: 0)
        /// The last failure, as the reason for commands that waited in vain.
        private var lastError: RedisError?

        package init(maximumWaiting: Int) {
            self.maximumWaiting = maximumWaiting
        }
    }
}

extension RedisConnection.StateMachine {
    /// A command without a channel. It fails at the deadline.
    package struct Waiting {
        package let command: RedisCommand
        package let completion: Completion
        package let deadline: NIODeadline

        package init(command: RedisCommand, completion: Completion, deadline: NIODeadline) {
            self.command = command
            self.completion = completion
            self.deadline = deadline
        }
    }

    package enum SendAction {
        /// It waits. With `connect`, begin to connect; with `wakeUp`, call `deadlinePassed` at its deadline.
        case wait(connect: Bool, wakeUp: Bool)
        /// It is not taken.
        case fail(RedisError)
    }

    package enum Action {
        case none
        /// Open a socket.
        case connect
        /// Give these to the channel, in order.
        case write([Waiting])
        /// Call `backoffPassed` after the back-off for so many failures in a row, and fail these commands.
        case retry(RedisError, failures: Int, wasReady: Bool, failing: [Waiting])
        /// Close the channel if there is one, stop all timers, and fail these commands.
        case close(failing: [Waiting])
    }

    /// What to do when the oldest waiting command's deadline has come.
    package struct Expiry {
        package let expired: [Waiting]
        package let error: RedisError
        /// When to look again; nil when nothing waits.
        package let next: NIODeadline?
    }

    package var isReady: Bool {
        switch self.state {
        case .ready: true
        case .idle, .connecting, .backingOff, .closed: false
        }
    }

    /// Connect, if that has not begun.
    package mutating func start() -> Action {
        switch self.state {
        case .idle:
            self.state = .connecting(failures: 0)
            return .connect
        case .connecting, .ready, .backingOff, .closed:
            return .none
        }
    }

    /// Somebody wants to send a command, and there is no channel.
    package mutating func send(_ command: RedisCommand, _ completion: Completion, deadline: NIODeadline) -> SendAction {
        switch self.state {
        case .ready:
            return .fail(.connectionLost("the channel is gone"))
        case .idle:
            self.state = .connecting(failures: 0)
            return self.wait(Waiting(command: command, completion: completion, deadline: deadline), connect: true)
        case .connecting, .backingOff:
            guard self.waiting.count < self.maximumWaiting else { return .fail(.queueFull) }
            return self.wait(Waiting(command: command, completion: completion, deadline: deadline), connect: false)
        case .closed:
            return .fail(.closed)
        }
    }

    private mutating func wait(_ command: Waiting, connect: Bool) -> SendAction {
        self.waiting.append(command)
        return .wait(connect: connect, wakeUp: self.waiting.count == 1)
    }

    /// Whether a socket that now stands is to be used. Not when we closed meanwhile.
    package var wantsChannel: Bool {
        switch self.state {
        case .connecting: true
        case .idle, .ready, .backingOff, .closed: false
        }
    }

    /// The server took the greeting.
    package mutating func becameReady() -> Action {
        switch self.state {
        case .connecting:
            self.state = .ready
            self.lastError = nil
            return .write(self.takeWaiting())
        case .idle, .ready, .backingOff, .closed:
            return .none
        }
    }

    /// The attempt failed, or the channel was lost.
    package mutating func failed(_ error: RedisError) -> Action {
        switch self.state {
        case .connecting(let failures):
            self.lastError = error
            self.state = .backingOff(failures: failures + 1)
            // A wrong password is wrong in a second too: those who wait are told now.
            let failing = error.isRefusal ? self.takeWaiting() : []
            return .retry(error, failures: failures + 1, wasReady: false, failing: failing)
        case .ready:
            self.lastError = error
            self.state = .backingOff(failures: 1)
            return .retry(error, failures: 1, wasReady: true, failing: [])
        case .idle, .backingOff, .closed:
            return .none
        }
    }

    /// The back-off has passed.
    package mutating func backoffPassed() -> Action {
        switch self.state {
        case .backingOff(let failures):
            self.state = .connecting(failures: failures)
            return .connect
        case .idle, .connecting, .ready, .closed:
            return .none
        }
    }

    /// The deadline of the command that waited longest has come. They all wait equally long, so the rest is in order.
    package mutating func deadlinePassed(now: NIODeadline) -> Expiry {
        var expired: [Waiting] = []
        while let first = self.waiting.first, first.deadline <= now {
            expired.append(self.waiting.removeFirst())
        }
        let reason = self.lastError.map(\.debugDescription) ?? "no connection in time"
        return Expiry(expired: expired, error: .unavailable(reason), next: self.waiting.first?.deadline)
    }

    /// We close, for good.
    package mutating func close() -> Action {
        switch self.state {
        case .idle, .connecting, .ready, .backingOff:
            self.state = .closed
            return .close(failing: self.takeWaiting())
        case .closed:
            return .none
        }
    }

    private mutating func takeWaiting() -> [Waiting] {
        defer { self.waiting.removeAll() }
        return Array(self.waiting)
    }
}
