import Access
import Gateway
import Logging
import NIOCore
import NIOPosix
import OpenIDConnect
import TestSupport

/// What replicas share in a test: a store, keys, a clock, and a provider that the test plays.
struct RefreshStage: Sendable {
    let clock = ManualClock()
    let store: MemoryStore
    let provider: PlayedProvider
    let settings: Settings

    init(_ configure: (inout Configuration) -> Void = { _ in }) throws {
        let clock = self.clock
        self.store = MemoryStore(capacity: 100) { clock.now }
        self.provider = PlayedProvider(clock: clock)
        var configuration = try Configuration.make()
        configure(&configuration)
        self.settings = try Settings(configuration)
    }

    /// Somebody who is signed in.
    func signIn(_ session: Session = .make()) throws -> Ticket {
        let ticket = Ticket.make()
        let box = try session.sealed(for: ticket, with: self.settings.keys)
        self.store.save(ticket.key, box, expiresIn: .seconds(86_400)) { _ in }
        return ticket
    }

    /// What the record says.
    func session(_ ticket: Ticket) throws -> Session? {
        var found: StoredRecord?
        self.store.load(ticket.key) { found = try? $0.get() }
        return try found.map {
            try .open($0.box, ticket: ticket, authority: "app.example.com", with: self.settings.keys)
        }
    }

    /// As if another replica had stored it.
    func replace(_ session: Session, under ticket: Ticket) throws {
        let box = try session.sealed(for: ticket, with: self.settings.keys)
        self.store.save(ticket.key, box, expiresIn: .seconds(86_400)) { _ in }
    }

    /// The note beside the record; changed to `value` where one is given.
    @discardableResult
    func note(_ ticket: Ticket, changedTo value: RefreshNote?? = nil) -> RefreshNote? {
        var found: [UInt8]?
        self.store.changeNote(ticket.key, from: [0], to: [0], expiresIn: .seconds(1)) { result in
            if case .success(.kept(let bytes, _)) = result { found = bytes }
        }
        if let value {
            self.store.changeNote(ticket.key, from: found, to: value?.bytes, expiresIn: RefreshNote.lifetime) { _ in }
        }
        return found.flatMap { RefreshNote(bytes: $0) }
    }

    func replica() async throws -> RefreshReplica {
        try await RefreshReplica(self)
    }
}

/// One worker's way to fresh tokens, on a loop of its own.
struct RefreshReplica: Sendable {
    final class Parts {
        let store: TellingStore
        let sessions: Sessions
        let refresh: Refresh
        let metrics = Metrics()
        /// How often something has been asked of it.
        var questions = 0

        init(_ stage: RefreshStage, _ eventLoop: any EventLoop) {
            let clock = stage.clock
            self.store = TellingStore(stage.store)
            self.sessions = Sessions(store: self.store, settings: stage.settings, metrics: self.metrics) { clock.now }
            self.refresh = Refresh(
                eventLoop: eventLoop,
                sessions: self.sessions,
                detached: DetachedWork(eventLoop: eventLoop),
                present: stage.provider.present,
                revoke: { stage.provider.revoke($0) },
                retryWindow: stage.settings.configuration.provider.refreshRetry,
                metrics: self.metrics,
                audit: nil,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }
    }

    private let parts: NIOLoopBound<Parts>
    private let eventLoop: any EventLoop

    init(_ stage: RefreshStage) async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        self.eventLoop = eventLoop
        self.parts = try await eventLoop.submit { NIOLoopBound(Parts(stage, eventLoop), eventLoop: eventLoop) }.get()
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable (Parts) throws -> Value) async throws -> Value {
        try await self.eventLoop.submit { [parts] in try body(parts.value) }.get()
    }

    /// Waits for fresh tokens: the session that comes of it.
    func wait(_ ticket: Ticket) async throws -> Session? {
        try await self.ask(ticket) { parts, opened, done in parts.refresh.wait(for: opened, done) }
    }

    /// The session with a token for this purpose.
    func obtain(_ purpose: ObtainedToken.Purpose, _ ticket: Ticket) async throws -> Session? {
        try await self.ask(ticket) { parts, opened, done in parts.refresh.obtain(purpose, for: opened, done) }
    }

    /// Begins to refresh beside what runs.
    func start(_ ticket: Ticket) async throws {
        _ = try await self.ask(ticket) { parts, opened, done in
            parts.refresh.start(opened)
            done(.success(opened))
        }
    }

    /// Returns once so much has been asked of it, and it has begun to do something about that.
    func hasBegun(_ count: Int) async throws {
        while try await self.run({ $0.questions }) < count { await Task.yield() }
    }

    /// Returns once it has tried to leave a note.
    func hasAskedForItsTurn() async throws {
        while try await self.run({ $0.store.noteChanges.isEmpty }) { await Task.yield() }
    }

    /// Returns when nothing is under way.
    func isIdle() async throws {
        try await self.eventLoop.flatSubmit { [parts, eventLoop] in
            let promise = eventLoop.makePromise(of: Void.self)
            if parts.value.refresh.isIdle {
                promise.succeed()
            } else {
                parts.value.refresh.whenIdle = { promise.succeed() }
            }
            return promise.futureResult
        }.get()
    }

    private func ask(
        _ ticket: Ticket,
        _ question: @escaping @Sendable (Parts, OpenedSession, @escaping Refresh.Completion) -> Void
    ) async throws -> Session? {
        let authority = try Authority("app.example.com", scheme: .https)
        return try await self.eventLoop.flatSubmit { [parts, eventLoop] in
            let promise = eventLoop.makePromise(of: Session?.self)
            parts.value.sessions.load([ticket], for: authority) { result in
                switch result {
                case .failure(let fault): promise.fail(fault)
                case .success(nil): promise.succeed(nil)
                case .success(let opened?):
                    parts.value.questions += 1
                    question(parts.value, opened) { result in
                        switch result {
                        case .success(let next): promise.succeed(next?.session)
                        case .failure(let fault): promise.fail(fault)
                        }
                    }
                }
            }
            return promise.futureResult
        }.get()
    }
}
