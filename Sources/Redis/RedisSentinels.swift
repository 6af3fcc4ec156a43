import NIOCore

/// The Sentinels, which know where the primary is: asked before each connection, and watched while it stands.
///
/// A Sentinel that was cut off names the old primary still. Each failover has a number, the configuration epoch, so the
/// answer with the highest wins, once more than half of the Sentinels have answered or no more answers come.
final class RedisSentinels {
    typealias Completion = (Result<RedisConfiguration.Address, RedisError>) -> Void

    private let command: RedisCommand
    private let eventLoop: any EventLoop
    private let sentinels: [RedisConnection]
    /// The epoch of the answer given last.
    private var epoch: Int64 = -1
    private var watch: Scheduled<Void>?
    /// Counts those that were watched: an answer about an earlier one comes too late.
    private var watched = 0

    /// How often they are asked while a connection stands. A primary that was replaced while cut off from the others,
    /// but not from us, is left so soon.
    private static let watchInterval = TimeAmount.seconds(1)
    /// How long the missing half is waited for.
    private static let patience = TimeAmount.milliseconds(500)

    init(_ configuration: RedisConfiguration, primary: String, eventLoop: any EventLoop) {
        self.command = RedisCommand("SENTINEL", "MASTER", primary)
        self.eventLoop = eventLoop
        self.sentinels = configuration.seeds.map { address in
            var sentinel = configuration
            sentinel.address = address
            sentinel.topology = .standalone
            sentinel.database = 0
            sentinel.user = configuration.sentinelUser
            sentinel.password = configuration.sentinelPassword
            sentinel.rereadPassword = nil
            // Nobody's request waits for one Sentinel alone.
            sentinel.commandTimeout = max(configuration.commandTimeout, Self.patience)
            return RedisConnection(configuration: sentinel, eventLoop: eventLoop)
        }
    }

    /// Where the primary is.
    func locate(_ completion: @escaping Completion) {
        self.stopWatching()
        self.ask { result in
            if case .success(let opinion) = result { self.epoch = opinion.epoch }
            completion(result.map(\.address))
        }
    }

    /// Asks again and again, until a failover has come after the one that made `address` the primary.
    func watch(_ address: RedisConfiguration.Address, onMove: @escaping () -> Void) {
        self.stopWatching()
        let number = self.watched
        self.watch = self.eventLoop.assumeIsolated().scheduleTask(in: Self.watchInterval) {
            self.ask { result in
                guard number == self.watched else { return }
                if case .success(let opinion) = result, opinion.epoch > self.epoch, opinion.address != address {
                    return onMove()
                }
                self.watch(address, onMove: onMove)
            }
        }
    }

    private func stopWatching() {
        self.watched += 1
        self.watch?.cancel()
        self.watch = nil
    }

    func close() {
        self.stopWatching()
        for sentinel in self.sentinels { sentinel.close() }
    }

    private func ask(_ completion: @escaping (Result<SentinelOpinion, RedisError>) -> Void) {
        var poll = SentinelPoll(sentinels: self.sentinels.count)
        var isDecided = false
        func decide(_ result: Result<SentinelOpinion, RedisError>?) {
            guard let result, !isDecided else { return }
            isDecided = true
            completion(result)
        }
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { decide(poll.end()) }
        for sentinel in self.sentinels {
            sentinel.send(self.command) { answer in
                let result = poll.received(answer.flatMap { SentinelOpinion.read($0) })
                if result != nil { timer.cancel() }
                decide(result)
            }
        }
    }
}

@available(*, unavailable)
extension RedisSentinels: Sendable {}

/// What one Sentinel says.
package struct SentinelOpinion: Equatable, Sendable {
    package let address: RedisConfiguration.Address
    /// Which failover made it the primary.
    package let epoch: Int64

    package init(address: RedisConfiguration.Address, epoch: Int64) {
        self.address = address
        self.epoch = epoch
    }

    /// Reads the answer to `SENTINEL MASTER`: names and values in turn.
    package static func read(_ reply: Reply) -> Result<SentinelOpinion, RedisError> {
        guard case .array(let parts) = reply else { return .failure(.protocolViolation("not a Sentinel's answer")) }
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: parts.count - 1, by: 2) {
            guard case .bytes(let name) = parts[index], case .bytes(let value) = parts[index + 1] else { continue }
            fields[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        guard let host = fields["ip"], !host.isEmpty, let port = fields["port"].flatMap(Int.init),
            (1...65_535).contains(port), let epoch = fields["config-epoch"].flatMap(Int64.init)
        else { return .failure(.protocolViolation("a Sentinel's answer lacks the primary")) }
        return .success(SentinelOpinion(address: .tcp(host: host, port: port), epoch: epoch))
    }
}

/// One round of questions: opinions in, a decision out, once.
package struct SentinelPoll {
    private let sentinels: Int
    private var answers = 0
    private var failures = 0
    private var newest: SentinelOpinion?
    private var lastError = RedisError.timeout

    package init(sentinels: Int) {
        self.sentinels = sentinels
    }

    /// A Sentinel has answered, or will not. Nil: more are waited for.
    package mutating func received(
        _ answer: Result<SentinelOpinion, RedisError>
    ) -> Result<SentinelOpinion, RedisError>? {
        switch answer {
        case .success(let opinion):
            self.answers += 1
            if opinion.epoch > self.newest?.epoch ?? -1 { self.newest = opinion }
        case .failure(let error):
            self.failures += 1
            self.lastError = error
        }
        guard self.answers * 2 > self.sentinels || self.answers + self.failures == self.sentinels else { return nil }
        return self.end()
    }

    /// No more answers are waited for.
    package func end() -> Result<SentinelOpinion, RedisError> {
        if let newest { return .success(newest) }
        // Whose error it is: a Sentinel's refusal is none of Redis', and its sentence must say so.
        return .failure(.unavailable("no Sentinel names the primary: \(self.lastError.debugDescription)"))
    }
}
