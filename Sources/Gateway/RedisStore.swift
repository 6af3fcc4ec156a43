package import Access
import NIOCore
package import Redis

/// The store that replicas share: one record for each session, sealed, with the idle limit as its time to live.
package final class RedisStore: SessionStore {
    let connection: RedisConnection
    let keyPrefix: String
    private let sessionPrefix: [UInt8]
    private let oncePrefix: [UInt8]

    /// - Parameters:
    ///   - connection: this worker's own; everything happens on its loop.
    ///   - keyPrefix: put before each key, so that several gateways can share a Redis.
    package init(connection: RedisConnection, keyPrefix: String) {
        self.connection = connection
        self.keyPrefix = keyPrefix
        self.sessionPrefix = Array("\(keyPrefix)session:".utf8)
        self.oncePrefix = Array("\(keyPrefix)once:".utf8)
    }

    /// `GET` and `PTTL` in one flush.
    package func load(
        _ key: SessionKey,
        _ completion: @escaping (Result<StoredRecord?, StoreFault>) -> Void
    ) {
        let name = self.name(of: key)
        var box: Result<[UInt8]?, StoreFault> = .success(nil)
        self.connection.send(RedisCommand([Array("GET".utf8), name])) { result in
            box = Self.reply(result) { reply in
                switch reply {
                case .null: .some(nil)
                case .bytes(let bytes): .some(bytes)
                default: nil
                }
            }
        }
        self.connection.send(RedisCommand([Array("PTTL".utf8), name])) { result in
            let remaining = Self.reply(result) { reply in
                if case .integer(let milliseconds) = reply { milliseconds } else { Int64?.none }
            }
            completion(
                box.flatMap { box in
                    remaining.map { milliseconds in
                        // Without a time to live (-1) the record was not written by us; it is used up at once.
                        box.map { StoredRecord(box: $0, idleRemaining: .milliseconds(max(milliseconds, 0))) }
                    }
                }
            )
        }
    }

    package func save(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let command = RedisCommand([Array("SET".utf8), self.name(of: key), box, Array("PX".utf8), duration.milliseconds])
        self.connection.send(command) { completion(Self.reply($0) { $0 == .status("OK") ? () : nil }) }
    }

    package func replace(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Bool, StoreFault>) -> Void
    ) {
        let command = RedisCommand([
            Array("SET".utf8), self.name(of: key), box, Array("PX".utf8), duration.milliseconds, Array("XX".utf8),
        ])
        self.connection.send(command) { completion(Self.reply($0, Self.wasSet)) }
    }

    package func extend(
        _ key: SessionKey,
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let command = RedisCommand([Array("PEXPIRE".utf8), self.name(of: key), duration.milliseconds])
        self.connection.send(command) { completion(Self.reply($0) { if case .integer = $0 { () } else { nil } }) }
    }

    package func remove(_ key: SessionKey, _ completion: @escaping (Result<Bool, StoreFault>) -> Void) {
        self.connection.send(RedisCommand([Array("DEL".utf8), self.name(of: key)])) {
            completion(Self.reply($0) { if case .integer(let count) = $0 { count > 0 } else { nil } })
        }
    }

    package func claim(
        _ name: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Bool, StoreFault>) -> Void
    ) {
        let command = RedisCommand([
            Array("SET".utf8), self.oncePrefix + Self.hex(name), [UInt8(ascii: "1")],
            Array("PX".utf8), duration.milliseconds, Array("NX".utf8),
        ])
        self.connection.send(command) { completion(Self.reply($0, Self.wasSet)) }
    }

    package func ping(_ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        self.connection.send(RedisCommand([Array("PING".utf8)])) {
            completion(Self.reply($0) { $0 == .status("PONG") ? () : nil })
        }
    }

    func name(of key: SessionKey) -> [UInt8] {
        self.sessionPrefix + key.hex.utf8
    }

    private static func hex(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// The answer to `SET … NX` or `XX`: done, or not done because of the condition.
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

extension StoreFault {
    fileprivate init(_ error: RedisError) {
        switch error {
        case .timeout: self.init(kind: .timeout, detail: error.debugDescription)
        case .server: self.init(kind: .refused, detail: error.debugDescription)
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
