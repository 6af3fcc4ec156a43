package import NIOCore

/// A connection to each node of a cluster. Each command goes to the node that has its key, and where that node sends it.
///
/// Like ``RedisConnection`` it belongs to its event loop, and is closed before it is let go.
package final class RedisCluster: RedisClient {
    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let onEvent: (RedisConnectionEvent) -> Void
    private var connections: [RedisConfiguration.Address: RedisConnection] = [:]
    private var slots: ClusterSlots?
    private var isRefreshing = false
    private var isClosed = false
    private var isStarted = false
    private var nextSeed = 0
    private var failures = 0
    /// Commands that came before we knew the slots.
    private var waiting: [Attempt] = []
    private var timer: Scheduled<Void>?

    /// A command on its way.
    private struct Attempt {
        let command: RedisCommand
        let completion: RedisConnection.Completion
        /// Nodes have sent it elsewhere so often.
        var redirects = 0
    }

    /// More redirects than a reshard can cause; nodes that disagree would send us round for ever.
    private static let maximumRedirects = 5
    /// `TRYAGAIN`, and a slot that nobody has.
    private static let pause = TimeAmount.milliseconds(20)
    /// How often the slots are asked for when nothing is wrong: a node that was replaced while cut off from the others,
    /// but not from us, is left so soon.
    private static let refreshInterval = TimeAmount.seconds(1)

    package init(
        configuration: RedisConfiguration,
        eventLoop: any EventLoop,
        onEvent: @escaping (RedisConnectionEvent) -> Void = { _ in }
    ) {
        eventLoop.preconditionInEventLoop()
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.onEvent = onEvent
    }

    /// Whether the slots are known and their nodes connected.
    package var isReady: Bool {
        guard let slots else { return false }
        return slots.nodes.allSatisfy { self.connections[$0]?.isReady ?? false }
    }

    package func start() {
        guard !self.isStarted, !self.isClosed else { return }
        self.isStarted = true
        self.refresh()
    }

    package func send(_ command: RedisCommand, _ completion: @escaping RedisConnection.Completion) {
        self.eventLoop.assertInEventLoop()
        guard !self.isClosed else { return completion(.failure(.closed)) }
        self.start()
        self.send(Attempt(command: command, completion: completion))
    }

    package func close() {
        guard !self.isClosed else { return }
        self.isClosed = true
        self.timer?.cancel()
        for connection in self.connections.values { connection.close() }
        self.connections = [:]
        self.fail(self.takeWaiting(), .closed)
    }

    // MARK: - Commands

    private func send(_ attempt: Attempt) {
        guard let slots else {
            guard self.failures == 0, self.waiting.count < self.configuration.maximumPendingCommands else {
                return attempt.completion(.failure(.unavailable("the cluster's slots are not known")))
            }
            return self.waiting.append(attempt)
        }
        guard let slot = attempt.command.slot else {
            // Whoever asks without a key asks for the cluster's health: any node speaks for it.
            guard let address = slots.nodes.randomElement() else {
                return attempt.completion(.failure(.unavailable("the cluster has no node")))
            }
            return self.send(attempt, to: address)
        }
        guard let address = slots[slot] else {
            self.refresh()
            return attempt.completion(.failure(.server(code: "CLUSTERDOWN", message: "nobody has the slot \(slot)")))
        }
        self.send(attempt, to: address)
    }

    private func send(_ attempt: Attempt, to address: RedisConfiguration.Address, asking: Bool = false) {
        let connection = self.connection(to: address)
        if asking {
            // In the same turn, so that nothing comes between the two.
            connection.send(RedisCommand("ASKING")) { _ in }
        }
        connection.send(attempt.command) { result in
            if case .failure(let error) = result, self.handle(error, of: attempt, at: address) { return }
            attempt.completion(result)
        }
    }

    /// Returns whether the command goes on.
    private func handle(_ error: RedisError, of attempt: Attempt, at address: RedisConfiguration.Address) -> Bool {
        var next = attempt
        next.redirects += 1
        let mayGoOn = next.redirects <= Self.maximumRedirects && !self.isClosed
        switch error.refusal {
        case .moved(let redirect):
            let target = address.elsewhere(host: redirect.host, port: redirect.port)
            self.slots?.move(redirect.slot, to: target)
            self.refreshSoon()
            if mayGoOn { self.send(next, to: target) }
            return mayGoOn
        case .ask(let redirect):
            if mayGoOn {
                self.send(next, to: address.elsewhere(host: redirect.host, port: redirect.port), asking: true)
            }
            return mayGoOn
        case .tryAgain:
            guard mayGoOn else { return false }
            self.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
                self.isClosed ? next.completion(.failure(.closed)) : self.send(next)
            }
            return true
        case .clusterDown, .readOnly, .primaryDown:
            self.refreshSoon()
            return false
        case .loading, .outOfMemory, .credentials, .permission, .other:
            return false
        case nil:
            // The node may have failed, and a replica may have taken its place.
            self.refreshSoon()
            return false
        }
    }

    private func connection(to address: RedisConfiguration.Address) -> RedisConnection {
        if let known = self.connections[address] { return known }
        var node = self.configuration
        node.address = address
        node.topology = .standalone
        node.seeds = []
        let connection = RedisConnection(configuration: node, eventLoop: self.eventLoop) { event in
            self.onEvent(event)
            if case .lost = event { self.refreshSoon() }
        }
        self.connections[address] = connection
        connection.start()
        return connection
    }

    // MARK: - Slots

    private func refreshSoon() {
        guard !self.isClosed, !self.isRefreshing else { return }
        self.schedule(in: Self.pause)
    }

    private func schedule(in delay: TimeAmount) {
        self.timer?.cancel()
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.refresh() }
    }

    /// Asks one node after another until one answers: first those that are connected.
    private func refresh() {
        guard !self.isRefreshing, !self.isClosed else { return }
        self.timer?.cancel()
        self.isRefreshing = true
        let address: RedisConfiguration.Address
        let ready = self.connections.filter { $0.value.isReady }.keys
        if self.failures % 2 == 0, let connected = ready.randomElement() {
            address = connected
        } else {
            address = self.configuration.seeds[self.nextSeed % self.configuration.seeds.count]
            self.nextSeed += 1
        }
        self.connection(to: address).send(RedisCommand("CLUSTER", "SLOTS")) { result in
            self.isRefreshing = false
            guard !self.isClosed else { return }
            switch result.map({ ClusterSlots($0, asked: address) }) {
            case .success(let slots?): self.learn(slots)
            case .success(nil): self.missed(.protocolViolation("not the slots of a cluster"))
            case .failure(let error): self.missed(error)
            }
        }
    }

    private func learn(_ slots: ClusterSlots) {
        self.failures = 0
        self.slots = slots
        for address in slots.nodes { _ = self.connection(to: address) }
        self.retire(except: slots.nodes)
        for waiting in self.takeWaiting() { self.send(waiting) }
        self.schedule(in: Self.refreshInterval)
    }

    /// Nodes without slots are left alone, once what they were asked has been answered.
    private func retire(except nodes: [RedisConfiguration.Address]) {
        for (address, connection) in self.connections where !nodes.contains(address) {
            self.connections[address] = nil
            let grace = self.configuration.commandTimeout + self.configuration.commandTimeout
            self.eventLoop.assumeIsolated().scheduleTask(in: grace) { connection.close() }
        }
    }

    private func missed(_ error: RedisError) {
        self.failures += 1
        // What waits is told as soon as every seed has been asked once.
        if self.failures >= self.configuration.seeds.count || error.isLasting {
            self.fail(self.takeWaiting(), error)
        }
        let delay = self.configuration.backoff.delay(afterFailures: self.failures, chance: .random(in: 0...1))
        self.schedule(in: delay)
    }

    private func takeWaiting() -> [Attempt] {
        defer { self.waiting = [] }
        return self.waiting
    }

    private func fail(_ attempts: [Attempt], _ error: RedisError) {
        for attempt in attempts { attempt.completion(.failure(error)) }
    }
}

@available(*, unavailable)
extension RedisCluster: Sendable {}
