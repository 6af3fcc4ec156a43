package import NIOCore

extension RedisTrackingHandler {
    /// What is said on a tracking connection. Event in, action out; no I/O.
    package struct Conversation: ~Copyable {
        private enum State {
            /// Nothing has been sent.
            case initialized
            /// These commands are to be answered, and then `CLIENT ID`.
            case greeting([GreetingStep], prefix: String, deadline: NIODeadline)
            /// Our own name on the server is known, and tracking asked for.
            case enabling(deadline: NIODeadline)
            /// Tracking is on; the subscription through which it speaks is awaited.
            case subscribing(deadline: NIODeadline)
            /// Changes are told.
            case told
            /// Final.
            case closed
        }

        package enum Action: Equatable {
            case none
            case send([RedisCommand])
            case tell(RedisTrackingEvent)
            /// Close the channel and say why.
            case close(RedisError)
        }

        private var state = State.initialized
        /// When the questions were asked that are not answered yet.
        private var pings = CircularBuffer<NIODeadline>(initialCapacity: 4)
        /// When the last question that has been answered was asked.
        package private(set) var confirmed: NIODeadline?

        /// A server that has not answered for so long is given up.
        private static let silence = TimeAmount.seconds(2)
        /// As the server calls what it tells.
        private static let channel = "__redis__:invalidate"

        package init() {}
    }
}

extension RedisTrackingHandler.Conversation {
    /// The greeting and `CLIENT ID` have been sent.
    package mutating func opened(_ steps: [GreetingStep], prefix: String, deadline: NIODeadline) {
        self.state = .greeting(steps, prefix: prefix, deadline: deadline)
    }

    /// The server said something.
    package mutating func received(_ reply: Reply) -> Action {
        switch self.state {
        case .initialized:
            return self.failed(.protocolViolation("an answer that nobody asked for"))
        case .greeting(let steps, let prefix, let deadline):
            guard let step = steps.first else { return self.enable(reply, prefix: prefix, deadline: deadline) }
            if let refusal = step.refusal(reply) { return self.failed(refusal) }
            self.state = .greeting(Array(steps.dropFirst()), prefix: prefix, deadline: deadline)
            return .none
        case .enabling(let deadline):
            guard reply.isOK else { return self.refused(reply, "CLIENT TRACKING was not answered with OK") }
            self.state = .subscribing(deadline: deadline)
            return .none
        case .subscribing:
            guard case .array(let parts) = reply, parts.first?.isText("subscribe") ?? false else {
                return self.refused(reply, "SUBSCRIBE was not answered with a subscription")
            }
            self.state = .told
            return .tell(.began)
        case .told:
            return self.receivedNews(reply)
        case .closed:
            return .none
        }
    }

    private mutating func enable(_ reply: Reply, prefix: String, deadline: NIODeadline) -> Action {
        guard case .integer(let id) = reply else {
            return self.refused(reply, "CLIENT ID was not answered with a number")
        }
        self.state = .enabling(deadline: deadline)
        return .send([
            RedisCommand("CLIENT", "TRACKING", "ON", "REDIRECT", String(id), "BCAST", "PREFIX", prefix),
            RedisCommand("SUBSCRIBE", Self.channel),
        ])
    }

    private mutating func receivedNews(_ reply: Reply) -> Action {
        guard case .array(let parts) = reply, let kind = parts.first else {
            return self.refused(reply, "not a message")
        }
        if kind.isText("pong") {
            guard let asked = self.pings.popFirst() else {
                return self.failed(.protocolViolation("an answer that nobody asked for"))
            }
            self.confirmed = asked
            return .none
        }
        guard kind.isText("message"), parts.count == 3, parts[1].isText(Self.channel) else {
            return self.failed(.protocolViolation("a message of another kind"))
        }
        switch parts[2] {
        case .null:
            return .tell(.changedAll)
        case .array(let names):
            var keys: [[UInt8]] = []
            for name in names {
                guard case .bytes(let key) = name else { return self.failed(.protocolViolation("a key without name")) }
                keys.append(key)
            }
            return .tell(.changed(keys))
        case .status, .error, .integer, .bytes:
            return self.failed(.protocolViolation("a message without keys"))
        }
    }

    /// Time has passed: ask again, or give up.
    package mutating func ping(now: NIODeadline) -> Action {
        switch self.state {
        case .initialized, .closed:
            return .none
        case .greeting(_, _, let deadline), .enabling(let deadline), .subscribing(let deadline):
            return deadline <= now ? self.failed(.timeout) : .none
        case .told:
            if let oldest = self.pings.first, now - oldest > Self.silence { return self.failed(.timeout) }
            self.pings.append(now)
            return .send([RedisCommand("PING")])
        }
    }

    /// The channel failed, or we close.
    package mutating func failed(_ error: RedisError) -> Action {
        switch self.state {
        case .initialized, .greeting, .enabling, .subscribing, .told:
            self.state = .closed
            self.confirmed = nil
            return .close(error)
        case .closed:
            return .none
        }
    }

    private mutating func refused(_ reply: Reply, _ violation: String) -> Action {
        if case .error(let message) = reply { return self.failed(RedisError(reply: message)) }
        return self.failed(.protocolViolation(violation))
    }
}

extension Reply {
    fileprivate func isText(_ text: String) -> Bool {
        guard case .bytes(let bytes) = self else { return false }
        return bytes.elementsEqual(text.utf8)
    }
}
