package import Access
import Redis

/// Indexes as sorted sets that clean themselves: a member's score is its end in milliseconds. Notes beside the records.
///
/// Each script touches one key, so that it runs on whichever node of a cluster has it.
extension RedisStore {
    /// Removes the expired, adds the member, and lets the set live as long as its last member.
    private static let enterScript = """
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
        redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
        return 1
        """

    /// Empty stands for no note.
    private static let changeScript = """
        local found = redis.call('GET', KEYS[1])
        if (found or '') ~= ARGV[1] then return {found, redis.call('PTTL', KEYS[1])} end
        if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
        return 1
        """

    /// Without touching the time to live.
    private static let markScript = """
        if redis.call('GETRANGE', KEYS[1], ARGV[1], ARGV[1]) == ARGV[2] then
            redis.call('SETRANGE', KEYS[1], ARGV[3], ARGV[4])
        end
        return 1
        """

    /// A bucket as the time at which it would be full again: each token puts that off by the time one takes to fill.
    private static let takeScript = """
        local now, full = tonumber(ARGV[1]), tonumber(ARGV[2])
        local at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + full / tonumber(ARGV[3])
        if at > now + full then return 0 end
        redis.call('SET', KEYS[1], string.format('%.3f', at), 'PX', math.ceil(at - now))
        return 1
        """

    package func takeToken(
        of bucket: [UInt8],
        limit: Int,
        per duration: Duration,
        _ completion: @escaping (Result<Bool?, StoreFault>) -> Void
    ) {
        let command = RedisCommand([
            Array("EVAL".utf8), Array(Self.takeScript.utf8), Array("1".utf8),
            Array("\(self.keyPrefix)bucket:".utf8) + Self.hex(bucket), Array(String(Self.wallClock).utf8),
            duration.milliseconds, Array(String(limit).utf8),
        ])
        self.connection.send(command) { result in
            completion(Self.reply(result) { if case .integer(let taken) = $0 { .some(taken == 1) } else { nil } })
        }
    }

    package func mark(_ key: SessionKey, _ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        let command = RedisCommand([
            Array("EVAL".utf8), Array(Self.markScript.utf8), Array("1".utf8), self.name(of: key),
            Array(String(Self.headLength).utf8), [SessionRecord.version],
            Array(String(Self.headLength + SessionRecord.markOffset).utf8), [1],
        ])
        self.connection.send(command) { completion(Self.reply($0) { if case .integer = $0 { () } else { nil } }) }
    }

    package func enter(
        _ key: SessionKey,
        in indexes: [SessionIndex],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let now = Self.wallClock
        let milliseconds = duration.milliseconds
        let end = now + (Int64(String(decoding: milliseconds, as: UTF8.self)) ?? 0)
        let commands = indexes.map { index in
            RedisCommand([
                Array("EVAL".utf8), Array(Self.enterScript.utf8), Array("1".utf8), self.name(of: index),
                Array(String(now).utf8), Array(String(end).utf8), key.bytes, milliseconds,
            ])
        }
        self.sendAll(commands, completion) { if case .integer = $0 { () } else { nil } }
    }

    package func leave(
        _ key: SessionKey,
        _ indexes: [SessionIndex],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let commands = indexes.map { RedisCommand([Array("ZREM".utf8), self.name(of: $0), key.bytes]) }
        self.sendAll(commands, completion) { if case .integer = $0 { () } else { nil } }
    }

    package func keys(in index: SessionIndex, _ completion: @escaping (Result<[SessionKey], StoreFault>) -> Void) {
        let command = RedisCommand([
            Array("ZRANGEBYSCORE".utf8), self.name(of: index), Array(String(Self.wallClock).utf8), Array("+inf".utf8),
        ])
        self.connection.send(command) { result in
            completion(
                Self.reply(result) { reply in
                    guard case .array(let members) = reply else { return nil }
                    return members.compactMap {
                        if case .bytes(let bytes) = $0 { SessionKey(bytes: bytes) } else { nil }
                    }
                }
            )
        }
    }

    package func noteEnd(
        of index: SessionIndex,
        at moment: Int64,
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let command = RedisCommand([
            Array("SET".utf8), self.endName(of: index), Array(String(moment).utf8), Array("PX".utf8),
            duration.milliseconds,
        ])
        self.connection.send(command) { completion(Self.reply($0) { $0 == .status("OK") ? () : nil }) }
    }

    package func lastEnd(of indexes: [SessionIndex], _ completion: @escaping (Result<Int64?, StoreFault>) -> Void) {
        var latest: Int64?
        let commands = indexes.map { RedisCommand.get(self.endName(of: $0)) }
        let answered: (Result<Void, StoreFault>) -> Void = { completion($0.map { latest }) }
        self.sendAll(commands, answered) { reply in
            switch reply {
            case .null: return ()
            case .bytes(let bytes):
                guard let moment = Int64(String(decoding: bytes, as: UTF8.self)) else { return nil }
                latest = max(latest ?? moment, moment)
                return ()
            default: return nil
            }
        }
    }

    package func changeNote(
        _ key: SessionKey,
        from expected: [UInt8]?,
        to value: [UInt8]?,
        expiresIn duration: Duration,
        _ completion: @escaping (Result<NoteChange, StoreFault>) -> Void
    ) {
        let command = RedisCommand([
            Array("EVAL".utf8), Array(Self.changeScript.utf8), Array("1".utf8),
            Array("\(self.keyPrefix)refresh:{\(key.hex)}".utf8), expected ?? [], value ?? [], duration.milliseconds,
        ])
        self.connection.send(command) { result in
            completion(
                Self.reply(result) { reply in
                    switch reply {
                    case .integer: .done
                    case .array(let parts): Self.kept(parts)
                    default: nil
                    }
                }
            )
        }
    }

    private static func kept(_ parts: [Reply]) -> NoteChange? {
        guard parts.count == 2, case .integer(let left) = parts[1] else { return nil }
        switch parts[0] {
        case .null: return .kept(nil, remaining: .zero)
        case .bytes(let found): return .kept(found, remaining: .milliseconds(max(left, 0)))
        default: return nil
        }
    }

    /// In one flush; the first fault is the answer.
    private func sendAll(
        _ commands: [RedisCommand],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void,
        _ read: @escaping (Reply) -> Void?
    ) {
        guard !commands.isEmpty else { return completion(.success(())) }
        var left = commands.count
        var outcome: Result<Void, StoreFault> = .success(())
        for command in commands {
            self.connection.send(command) { result in
                if case .failure(let fault) = Self.reply(result, read), case .success = outcome {
                    outcome = .failure(fault)
                }
                left -= 1
                if left == 0 { completion(outcome) }
            }
        }
    }

    private func name(of index: SessionIndex) -> [UInt8] {
        Array("\(self.keyPrefix)index:\(index.name)".utf8)
    }

    private func endName(of index: SessionIndex) -> [UInt8] {
        Array("\(self.keyPrefix)ended:\(index.name)".utf8)
    }

    private static var wallClock: Int64 { Timestamp.now.inMilliseconds }
}
