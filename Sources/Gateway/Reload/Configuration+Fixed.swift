import Redis

extension Configuration {
    /// The keys that only a restart can change and that are others in `next`.
    package func fixedKeys(changedIn next: Configuration) -> [String] {
        var keys: [String] = []
        func compare<Value: Equatable>(_ key: String, _ value: (Configuration) -> Value) {
            if value(self) != value(next) { keys.append(key) }
        }
        compare("server.listen") { $0.server.listeners }
        compare("server.socket_mode") { $0.server.socketMode }
        compare("server.workers") { $0.server.workers }
        compare("admin.listen") { $0.admin.listen }
        compare("check.listen") { $0.check.listen }
        compare("session.store") { $0.session.store }
        compare("session.max_in_memory") { $0.session.maximumInMemory }
        compare("redis.key_prefix") { $0.redisKeyPrefix }
        compare("log.format") { $0.log.format }
        switch (self.redis, next.redis) {
        case (let redis?, let next?) where !redis.isSame(as: next): keys.append("redis")
        case (_?, _?), (nil, nil): break
        case (nil, _?), (_?, nil): keys.append("redis")
        }
        return keys
    }
}

extension RedisConfiguration {
    /// Whether the two lead to the same store in the same way. A password that is read anew for each connection may differ.
    fileprivate func isSame(as other: Self) -> Bool {
        self.description == other.description && self.user == other.user && self.sentinelUser == other.sentinelUser
            && self.sentinelPassword == other.sentinelPassword
            && (self.password == other.password || (self.rereadPassword != nil && other.rereadPassword != nil))
            && self.commandTimeout == other.commandTimeout && self.connectTimeout == other.connectTimeout
            && self.tls?.serverName == other.tls?.serverName && (self.tls == nil) == (other.tls == nil)
    }
}
