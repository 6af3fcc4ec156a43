package import NIOCore

extension RedisConnection {
    /// When to connect, when to try again, and which commands wait meanwhile. Event in, action out; no I/O.
    package struct StateMachine<Completion>: ~Copyable {
        private enum State {
            /// Nobody has asked for anything: there is no socket.
            case idle
            /// A socket is being opened or the server greeted, after so many failures in a row.
            case connecting(failures: Int)
            /// The server took the greeting: commands go straight to the channel. It took so many failures, which are
            /// forgiven when the channel proves to last.
            case ready(since: NIODeadline, failures: Int)
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
        /// Whether there has ever been a channel.
        package private(set) var hasBeenReady = false

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
        case .connecting(let failures), .backingOff(let failures):
            guard failures < Self.failuresUntilOpen else { return .fail(self.unavailable) }
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

    /// The circuit breaker: after so many failures in a row nobody waits any more, until a channel stands again.
    private static var failuresUntilOpen: Int { 4 }
    /// A channel that lasts so long is no failure when it ends.
    private static var lasting: TimeAmount { .seconds(1) }

    private var unavailable: RedisError {
        .unavailable(self.lastError.map(\.debugDescription) ?? "no connection in time")
    }

    /// Whether a socket that now stands is to be used. Not when we closed meanwhile.
    package var wantsChannel: Bool {
        switch self.state {
        case .connecting: true
        case .idle, .ready, .backingOff, .closed: false
        }
    }

    /// The server took the greeting.
    package mutating func becameReady(at now: NIODeadline) -> Action {
        switch self.state {
        case .connecting(let failures):
            self.state = .ready(since: now, failures: failures)
            self.hasBeenReady = true
            self.lastError = nil
            return .write(self.takeWaiting())
        case .idle, .ready, .backingOff, .closed:
            return .none
        }
    }

    /// The attempt failed.
    package mutating func failed(_ error: RedisError) -> Action {
        self.failed(error, at: .distantPast)
    }

    /// The attempt failed, or the channel was lost.
    package mutating func failed(_ error: RedisError, at now: NIODeadline) -> Action {
        switch self.state {
        case .connecting(let failures):
            self.lastError = error
            self.state = .backingOff(failures: failures + 1)
            // A wrong password is wrong in a second too: those who wait are told now.
            let isHopeless = error.isLasting || failures + 1 >= Self.failuresUntilOpen
            let failing = isHopeless ? self.takeWaiting() : []
            return .retry(error, failures: failures + 1, wasReady: false, failing: failing)
        case .ready(let since, let failures):
            self.lastError = error
            // 0: whoever waits does not have the time for a pause.
            let count = now - since >= Self.lasting ? 0 : failures + 1
            self.state = .backingOff(failures: count)
            return .retry(error, failures: count, wasReady: true, failing: [])
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
        return Expiry(expired: expired, error: self.unavailable, next: self.waiting.first?.deadline)
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
