package import Access
package import Logging
package import OpenIDConnect
package import Redis

/// The store that replicas share: one record for each session, sealed, with the idle limit as its time to live.
///
/// A record is stored behind the second in which it will expire, so that loading it takes one command and tells how much
/// is left. Redis' own clock decides; the second is for who keeps a copy and for when to push the limit out.
package final class RedisStore: SessionStore {
    let connection: any RedisClient
    let keyPrefix: String
    private let sessionPrefix: [UInt8]
    private let oncePrefix: [UInt8]
    private let now: () -> Instant
    private let logger: Logger?
    /// Nil: changes are not told.
    private var tracking: RedisTracking?
    /// Redis refused to tell, and this has been logged.
    private var isRefused = false

    /// - Parameters:
    ///   - connection: this worker's own; everything happens on its loop.
    ///   - keyPrefix: put before each key, so that several gateways can share a Redis.
    ///   - now: what time it is.
    ///   - logger: for what an operator can change.
    package init(
        connection: any RedisClient,
        keyPrefix: String,
        now: @escaping () -> Instant = { Instant(seconds: Timestamp.now.seconds) },
        logger: Logger? = nil
    ) {
        self.connection = connection
        self.keyPrefix = keyPrefix
        self.now = now
        self.logger = logger
        // The braces are a hash tag: in a cluster, whatever has the same between them is on the same node.
        self.sessionPrefix = Array("\(keyPrefix)session:{".utf8)
        self.oncePrefix = Array("\(keyPrefix)once:".utf8)
    }

    package func load(
        _ key: SessionKey,
        _ completion: @escaping (Result<StoredRecord?, StoreFault>) -> Void
    ) {
        self.connection.send(.get(self.name(of: key))) { result in
            if case .success(.bytes(let bytes)) = result {
                let fault = StoreFault(kind: .unknownRecord, detail: "not a record of this version")
                return completion(self.record(bytes).map { .success($0) } ?? .failure(fault))
            }
            completion(Self.reply(result) { $0 == .null ? .some(nil) : nil })
        }
    }

    package func save(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let command = RedisCommand([
            Array("SET".utf8), self.name(of: key), self.value(box, duration), Array("PX".utf8), duration.milliseconds,
        ])
        self.connection.send(command) { completion(Self.reply($0) { $0 == .status("OK") ? () : nil }) }
    }

    package func replace(
        _ key: SessionKey,
        _ expected: [UInt8],
        with box: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Replacement, StoreFault>) -> Void
    ) {
        let command = RedisCommand([
            Array("EVAL".utf8), Array(Self.replaceScript.utf8), Array("1".utf8), self.name(of: key),
            Array(String(Self.headLength + 1).utf8), expected, self.value(box, duration), duration.milliseconds,
        ])
        self.connection.send(command) { result in
            completion(
                Self.reply(result) { reply in
                    switch reply {
                    case .integer(0): .absent
                    case .integer(1): .done
                    case .integer(2): .changed
                    default: nil
                    }
                }
            )
        }
    }

    package func extend(
        _ key: SessionKey,
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let command = RedisCommand([
            Array("EVAL".utf8), Array(Self.extendScript.utf8), Array("1".utf8), self.name(of: key),
            duration.milliseconds, self.head(duration),
        ])
        self.connection.send(command) { completion(Self.reply($0) { if case .integer = $0 { () } else { nil } }) }
    }

    package func remove(_ key: SessionKey, _ completion: @escaping (Result<Bool, StoreFault>) -> Void) {
        self.connection.send(RedisCommand([Array("DEL".utf8), self.name(of: key)])) {
            completion(Self.reply($0) { if case .integer(let count) = $0 { count > 0 } else { nil } })
        }
    }

    package func claim(
        _ name: [UInt8],
        by claimant: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Bool, StoreFault>) -> Void
    ) {
        let key = self.oncePrefix + Self.hex(name)
        let command = RedisCommand([
            Array("SET".utf8), key, claimant, Array("PX".utf8), duration.milliseconds, Array("NX".utf8),
        ])
        self.connection.send(command) { result in
            let wasSet = Self.reply(result, Self.wasSet)
            guard case .success(false) = wasSet else { return completion(wasSet) }
            // By somebody, perhaps by this claimant, who has not heard the answer.
            self.connection.send(.get(key)) { completion(Self.reply($0) { $0 == .bytes(claimant) }) }
        }
    }

    package func disclaim(
        _ name: [UInt8],
        by claimant: [UInt8],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let command = RedisCommand([
            Array("EVAL".utf8), Array(Self.disclaimScript.utf8), Array("1".utf8), self.oncePrefix + Self.hex(name),
            claimant,
        ])
        self.connection.send(command) { completion(Self.reply($0) { if case .integer = $0 { () } else { nil } }) }
    }

    package func ping(_ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        self.connection.send(RedisCommand([Array("PING".utf8)])) {
            completion(Self.reply($0) { $0 == .status("PONG") ? () : nil })
        }
    }

    package func close() {
        self.tracking?.close()
        self.connection.close()
    }

    func name(of key: SessionKey) -> [UInt8] {
        var name: [UInt8] = []
        name.reserveCapacity(self.sessionPrefix.count + 65)
        name.append(contentsOf: self.sessionPrefix)
        key.appendHex(to: &name)
        name.append(UInt8(ascii: "}"))
        return name
    }

    private func key(named name: [UInt8]) -> SessionKey? {
        guard name.starts(with: self.sessionPrefix), name.last == UInt8(ascii: "}") else { return nil }
        return SessionKey(hex: String(decoding: name.dropFirst(self.sessionPrefix.count).dropLast(), as: UTF8.self))
    }

    static func hex(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    // MARK: - Records

    /// Only a record that is there: `SETRANGE` alone would make one of nothing.
    private static let extendScript = """
        if redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 0 then return 0 end
        redis.call('SETRANGE', KEYS[1], 0, ARGV[2])
        return 1
        """

    /// Whether the record is the one that is expected is told without its head: that changes with each use.
    private static let replaceScript = """
        local found = redis.call('GET', KEYS[1])
        if not found then return 0 end
        if string.sub(found, ARGV[1]) ~= ARGV[2] then return 2 end
        redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
        return 1
        """
    private static let disclaimScript = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0
        """
    private static let format: UInt8 = 1
    static let headLength = 9

    /// The format, and the second in which the record will expire.
    private func head(_ duration: Duration) -> [UInt8] {
        let end = UInt64(bitPattern: self.now().advanced(by: duration).seconds)
        return [Self.format] + (0..<8).map { UInt8(truncatingIfNeeded: end >> (56 - 8 * $0)) }
    }

    private func value(_ box: [UInt8], _ duration: Duration) -> [UInt8] {
        self.head(duration) + box
    }

    /// Nil: it was not written by us, or by another version.
    private func record(_ value: [UInt8]) -> StoredRecord? {
        guard value.count >= Self.headLength, value[0] == Self.format else { return nil }
        let end = value[1..<Self.headLength].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let remaining = Instant(seconds: Int64(bitPattern: end)) - self.now()
        return StoredRecord(box: Array(value[Self.headLength...]), idleRemaining: max(remaining, .zero))
    }

    /// The answer to `SET … NX`: done, or not done because of the condition.
    private static func wasSet(_ reply: Reply) -> Bool? {
        switch reply {
        case .status("OK"): true
        case .null: false
        default: nil
        }
    }

    /// What Redis said as what the store promises. `nil` from `read`: it is not an answer to this command.
    static func reply<Value>(
        _ result: Result<Reply, RedisError>,
        _ read: (Reply) -> Value?
    ) -> Result<Value, StoreFault> {
        switch result {
        case .success(let reply):
            read(reply).map { .success($0) }
                ?? .failure(StoreFault(kind: .unreadable, detail: "a reply of the wrong type"))
        case .failure(let error): .failure(StoreFault(error))
        }
    }
}

@available(*, unavailable)
extension RedisStore: Sendable {}

// MARK: - Changes

extension RedisStore {
    package var isCurrent: Bool { self.tracking?.isCurrent ?? false }

    /// Nothing is told of a cluster: each of its nodes would have to be listened to, and a node that was replaced while
    /// cut off from the others goes on saying that nothing changes.
    package func tellChanges(to listener: @escaping (StoreChange) -> Void) {
        guard let connection = self.connection as? RedisConnection, self.tracking == nil else { return }
        let prefix = String(decoding: self.sessionPrefix, as: UTF8.self)
        self.tracking = RedisTracking(beside: connection, prefix: prefix) { event in
            switch event {
            case .began: listener(.began)
            case .changed(let names):
                // What has our prefix and is no session was not written by us.
                for name in names { self.key(named: name).map { listener(.record($0)) } }
            case .changedAll: listener(.everything)
            case .ended(let error):
                self.warn(of: error)
                listener(.ended)
            }
        }
    }

    /// Once: it is tried again and again.
    private func warn(of error: RedisError) {
        guard error.refusal != nil, !self.isRefused else { return }
        self.isRefused = true
        self.logger?.warning(
            "Redis does not tell of changes, so each session is looked up there for each request",
            metadata: ["error": "\(error.debugDescription)", "advice": "\(error.advice ?? "it takes Redis 6")"]
        )
    }
}

extension StoreFault {
    fileprivate init(_ error: RedisError) {
        switch error {
        case .timeout: self.init(kind: .timeout, detail: error.debugDescription)
        case .server:
            switch error.refusal {
            case .loading, .clusterDown, .primaryDown, .tryAgain, .moved, .ask:
                self.init(kind: .unavailable, detail: error.debugDescription)
            case .readOnly, .outOfMemory, .credentials, .permission, .other, nil:
                let advice = error.advice.map { "; \($0)" } ?? ""
                self.init(kind: .refused, detail: error.debugDescription + advice)
            }
        case .protocolViolation: self.init(kind: .unreadable, detail: error.debugDescription)
        default: self.init(kind: .unavailable, detail: error.debugDescription)
        }
    }
}

extension Duration {
    /// Whole milliseconds, at least one, as Redis wants them.
    var milliseconds: [UInt8] {
        let (seconds, attoseconds) = self.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let total = overflow ? Int64.max / 2 : whole + attoseconds / 1_000_000_000_000_000
        return Array(String(max(total, 1)).utf8)
    }
}
