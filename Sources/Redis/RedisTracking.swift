import NIOCore

/// What Redis tells of keys with one prefix.
package enum RedisTrackingEvent: Equatable, Sendable {
    /// From now on every change will be told.
    case began
    /// These keys were written, removed, or have expired.
    case changed([[UInt8]])
    /// Everything was removed (`FLUSHALL`).
    case changedAll
    /// Changes may be missed from now on.
    case ended(RedisError)
}

/// Tells which keys change, whoever changes them: `CLIENT TRACKING … BCAST` on a connection of its own, beside that of
/// a ``RedisConnection`` and to the same server.
///
/// In RESP2 such messages come to a connection that has subscribed to `__redis__:invalidate`; ours redirects to itself.
/// A connection that is dead and does not know it says nothing, which looks like "nothing has changed". Therefore it is
/// asked (`PING`) all the time: an answer proves that everything that had changed before the question has been told.
package final class RedisTracking {
    private let configuration: RedisConfiguration
    private let connection: RedisConnection
    private let prefix: String
    private let eventLoop: any EventLoop
    private let onEvent: (RedisTrackingEvent) -> Void
    private var handler: RedisTrackingHandler?
    /// Where it leads, or is being made to.
    private var server: RedisConnection.Server?
    private var ticker: Scheduled<Void>?
    private var failures = 0
    private var nextAttempt = NIODeadline.distantPast
    private var isClosed = false

    /// How often it is asked.
    private static let interval = TimeAmount.milliseconds(200)
    /// How old the last question with an answer may be.
    private static let trust = TimeAmount.milliseconds(800)

    /// - Parameters:
    ///   - connection: what carries the commands; the tracking goes where it goes.
    ///   - prefix: of the keys that matter.
    package init(
        beside connection: RedisConnection,
        prefix: String,
        onEvent: @escaping (RedisTrackingEvent) -> Void
    ) {
        self.configuration = connection.configuration
        self.connection = connection
        self.prefix = prefix
        self.eventLoop = connection.eventLoop
        self.onEvent = onEvent
        self.tick()
    }

    /// Whether everything that changed more than a second ago has been told.
    package var isCurrent: Bool {
        guard let confirmed = self.handler?.confirmed else { return false }
        return self.eventLoop.now - confirmed < Self.trust
    }

    package func close() {
        self.isClosed = true
        self.ticker?.cancel()
        self.handler?.close(.closed)
    }

    private func tick() {
        guard !self.isClosed else { return }
        self.ticker = self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { self.tick() }
        let server = self.connection.server
        if let handler = self.handler {
            guard server == nil || server == self.server else {
                return handler.close(.connectionLost("commands go to another server now"))
            }
            handler.ping(now: self.eventLoop.now)
        } else if let server, self.server == nil, self.eventLoop.now >= self.nextAttempt {
            self.connect(to: server)
        }
    }

    private func connect(to server: RedisConnection.Server) {
        self.server = server
        let configuration = self.configuration
        let eventLoop = self.eventLoop
        // A name may stand for several servers: the very address that the commands go to is meant.
        configuration.openSocket(to: server.address, resolved: server.resolved, on: eventLoop) {
            RedisTrackingHandler(maximumReplyBytes: configuration.maximumReplyBytes)
        }.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel): self.greet(channel)
            case .failure(let error): self.ended(RedisError(socket: error))
            }
        }
    }

    private func greet(_ channel: any Channel) {
        guard !self.isClosed else { return channel.close(promise: nil) }
        do {
            let handler = try channel.pipeline.syncOperations.handler(type: RedisTrackingHandler.self)
            self.handler = handler
            handler.open(
                self.configuration,
                prefix: self.prefix,
                deadline: self.eventLoop.now + self.configuration.connectTimeout
            ) { event in
                if case .began = event { self.failures = 0 }
                if case .ended(let error) = event { return self.ended(error) }
                self.onEvent(event)
            }
        } catch {
            self.ended(RedisError(socket: error))
        }
    }

    private func ended(_ error: RedisError) {
        self.handler = nil
        self.server = nil
        self.failures += 1
        let delay = self.configuration.backoff.delay(afterFailures: self.failures, chance: .random(in: 0...1))
        // What the server does not grant to us, it will not soon.
        self.nextAttempt = self.eventLoop.now + (error.refusal == nil ? delay : .seconds(30))
        self.onEvent(.ended(error))
    }
}

@available(*, unavailable)
extension RedisTracking: Sendable {}
