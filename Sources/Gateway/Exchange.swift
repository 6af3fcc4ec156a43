/// One request and its response after another on one downstream connection, as a state machine: events in, actions out.
/// It touches no channel; `ExchangeHandler` carries out what it decides.
package struct Exchange: ~Copyable {
    private enum State {
        /// Between exchanges: the next part is a head.
        case idle
        /// A head is here and who may pass is being found out. What follows it waits.
        case deciding
        /// The head is here and the endpoint of ours that it is for wants the body first.
        case collecting
        /// Permitted; a connection to the upstream is being leased. What follows the head waits.
        case leasing
        /// Request and response flow. `hasHead`: the response has begun, so there is no other answer any more.
        case forwarding(hasHead: Bool)
        /// The response is complete but the request is not: its rest is thrown away.
        case discarding
        /// Over. Nothing is read or written.
        case closed
    }

    /// What kind of part the decoder has delivered.
    package enum Part {
        case head(keepAlive: Bool)
        case body
        case end
    }

    package enum PartAction: Equatable {
        /// Find out who is asking and whether they may.
        case decide
        case collectBody
        case bodyCollected
        case forwardBody
        case forwardEnd
        case discard
        /// The exchange is over, response first: go on, or close.
        case complete(keepAlive: Bool)
        /// A part that cannot come now; the decoder and we disagree.
        case close
    }

    package enum FailureAction: Equatable {
        /// Nothing has been sent yet: a proper answer can be.
        case answer
        /// A response is half sent; only the end of the connection can tell that it broke.
        case abort
        case none
    }

    private var state = State.idle
    /// Whether the request of the current exchange has been read to its end.
    package private(set) var requestEnded = true
    /// Whether the connection may carry another exchange.
    package private(set) var keepAlive = true

    package init() {}

    /// Whether the next part can be dealt with now. If not it waits, and reading stops.
    package var acceptsParts: Bool {
        switch self.state {
        case .idle, .collecting, .discarding: true
        // What follows the request's end is the next request.
        case .forwarding: !self.requestEnded
        case .deciding, .leasing, .closed: false
        }
    }

    package var isIdle: Bool {
        if case .idle = self.state { true } else { false }
    }

    package var isClosed: Bool {
        if case .closed = self.state { true } else { false }
    }

    package var isDiscarding: Bool {
        if case .discarding = self.state { true } else { false }
    }

    /// Whether a response has been begun that the upstream must finish.
    package var responseBegun: Bool {
        if case .forwarding(hasHead: true) = self.state { true } else { false }
    }

    /// A part arrived while `acceptsParts`.
    package mutating func received(_ part: Part) -> PartAction {
        switch (self.state, part) {
        case (.idle, .head(let keepAlive)):
            self.state = .deciding
            self.requestEnded = false
            self.keepAlive = self.keepAlive && keepAlive
            return .decide
        case (.collecting, .body):
            return .collectBody
        case (.collecting, .end):
            self.requestEnded = true
            self.state = .deciding
            return .bodyCollected
        case (.forwarding, .body):
            return .forwardBody
        case (.forwarding, .end):
            self.requestEnded = true
            return .forwardEnd
        case (.discarding, .body):
            return .discard
        case (.discarding, .end):
            self.requestEnded = true
            return self.complete()
        case (.idle, .body), (.idle, .end), (.forwarding, .head), (.discarding, .head), (.collecting, .head),
            (.deciding, _), (.leasing, _),
            (.closed, _):
            self.state = .closed
            return .close
        }
    }

    /// The body is wanted before anything is answered.
    package mutating func collect() {
        if case .deciding = self.state, !self.requestEnded { self.state = .collecting }
    }

    /// The decision is a permit. `false`: too late, the connection is gone.
    package mutating func permitted() -> Bool {
        guard case .deciding = self.state else { return false }
        self.state = .leasing
        return true
    }

    /// An upstream connection is there. `false`: nobody needs it any more.
    package mutating func leased() -> Bool {
        guard case .leasing = self.state else { return false }
        self.state = .forwarding(hasHead: false)
        return true
    }

    /// The reused connection was dead; another one is being leased.
    package mutating func retrying() {
        self.state = .leasing
    }

    /// `false`: a second head, or one that nobody waits for.
    package mutating func responseBegan() -> Bool {
        guard case .forwarding(hasHead: false) = self.state else { return false }
        self.state = .forwarding(hasHead: true)
        return true
    }

    /// The upstream has switched to another protocol: what comes from the browser now belongs to it, until its end.
    /// `false`: nobody waits for that.
    package mutating func switchedProtocols() -> Bool {
        guard case .forwarding(hasHead: false) = self.state, self.requestEnded else { return false }
        self.state = .forwarding(hasHead: true)
        self.requestEnded = false
        self.keepAlive = false
        return true
    }

    /// The last byte of a response has been written, the upstream's or ours. `nil`: the rest of the request is still to
    /// be read and thrown away.
    package mutating func responseEnded() -> PartAction? {
        switch self.state {
        case .deciding, .collecting, .leasing, .forwarding:
            guard self.requestEnded else {
                self.state = .discarding
                return nil
            }
            return self.complete()
        case .idle, .discarding, .closed:
            return nil
        }
    }

    /// The end of the request was waiting when we answered without it: it counts as read.
    package mutating func requestWasWaiting() {
        self.requestEnded = true
    }

    /// Something broke: what can still be said?
    package mutating func failed() -> FailureAction {
        switch self.state {
        case .deciding, .collecting, .leasing, .forwarding(hasHead: false): return .answer
        case .forwarding(hasHead: true):
            self.state = .closed
            return .abort
        case .idle, .discarding, .closed: return .none
        }
    }

    /// This exchange is the connection's last.
    package mutating func lastExchange() {
        self.keepAlive = false
    }

    package mutating func closed() {
        self.state = .closed
    }

    private mutating func complete() -> PartAction {
        self.state = self.keepAlive ? .idle : .closed
        return .complete(keepAlive: self.keepAlive)
    }
}
