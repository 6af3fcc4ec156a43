/// What Redis means when it says no.
package enum RedisRefusal: Equatable, Sendable {
    /// `READONLY`: it is a replica, or has become one. It still answers reads; writes are for the primary.
    case readOnly
    /// `LOADING`: it is reading its data from disk and will serve soon.
    case loading
    /// `OOM`: it is full. Reads go on, and so does whatever frees memory.
    case outOfMemory
    /// `NOAUTH`, `WRONGPASS`: it does not know us. Our configuration or the server's is wrong.
    case credentials
    /// `NOPERM`: it knows us and does not grant this to us. The server's configuration is wrong.
    case permission
    /// `CLUSTERDOWN`: too much of the cluster is missing.
    case clusterDown
    /// `MASTERDOWN`: a replica that has lost its primary and does not answer from old data.
    case primaryDown
    /// `TRYAGAIN`: the keys of a command are on their way from one node to another.
    case tryAgain
    /// `MOVED`: the slot belongs to another node, from now on.
    case moved(RedisRedirect)
    /// `ASK`: this once, another node is to be asked: the key may have gone there already.
    case ask(RedisRedirect)
    /// Anything else.
    case other
}

/// Where a node of a cluster sends us.
package struct RedisRedirect: Equatable, Sendable {
    package let slot: Int
    /// Empty: the host of the node that says so.
    package let host: String
    package let port: Int

    /// Reads `MOVED 3999 127.0.0.1:6381`; nil when it is not like that.
    init?(_ message: String) {
        let words = message.utf8.split(separator: UInt8(ascii: " "))
        // An IPv6 address stands there without brackets.
        guard words.count >= 3, let slot = Int(words[1].text), (0..<ClusterSlots.count).contains(slot),
            let colon = words[2].lastIndex(of: UInt8(ascii: ":")),
            let port = Int(words[2][words[2].index(after: colon)...].text), (1...65_535).contains(port)
        else { return nil }
        self.slot = slot
        self.host = words[2][..<colon].text
        self.port = port
    }
}

extension RedisError {
    /// What the server's refusal means; nil when it is not the server that said no.
    package var refusal: RedisRefusal? {
        guard case .server(let code, let message) = self else { return nil }
        return switch code {
        case "READONLY": .readOnly
        case "LOADING": .loading
        case "OOM": .outOfMemory
        case "NOAUTH", "WRONGPASS": .credentials
        case "NOPERM": .permission
        case "CLUSTERDOWN": .clusterDown
        case "MASTERDOWN": .primaryDown
        case "TRYAGAIN": .tryAgain
        case "MOVED": RedisRedirect(message).map { .moved($0) } ?? .other
        case "ASK": RedisRedirect(message).map { .ask($0) } ?? .other
        default: .other
        }
    }

    /// What an operator can do about it; nil when the error says it.
    package var advice: String? {
        switch self.refusal {
        case .credentials: "redis.user and redis.password are not those that Redis knows"
        case .permission: "the ACL of our user in Redis grants too little"
        case .readOnly: "redis.url leads to a replica"
        case .outOfMemory: "Redis is full: raise its maxmemory"
        case .loading, .clusterDown, .primaryDown, .tryAgain, .moved, .ask, .other, nil: nil
        }
    }

    /// Whoever answers so is not the primary any more, and Sentinels will know who is.
    var meansAnotherPrimary: Bool {
        switch self.refusal {
        case .readOnly, .primaryDown: true
        case .loading, .outOfMemory, .credentials, .permission, .clusterDown, .tryAgain, .moved, .ask, .other, nil:
            false
        }
    }

    /// Trying the same again soon will not help: the server does not want us, or we do not want the server.
    var isLasting: Bool {
        switch self {
        case .tls, .configuration: true
        case .server:
            switch self.refusal {
            case .credentials, .permission, .outOfMemory, .other, nil: true
            case .readOnly, .loading, .clusterDown, .primaryDown, .tryAgain, .moved, .ask: false
            }
        case .unavailable, .timeout, .connectionLost, .queueFull, .commandTooLarge, .replyTooLarge, .protocolViolation,
            .closed:
            false
        }
    }
}

extension Substring.UTF8View {
    fileprivate var text: String { String(Substring(self)) }
}
