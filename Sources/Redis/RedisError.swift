/// What went wrong between us and Redis.
///
/// `description` is safe to show and to log: a fixed sentence, and the server's error code where there is one.
/// `debugDescription` has the details: the server's own words and those of the socket or TLS library.
package enum RedisError: Error, Equatable, Sendable {
    /// The URL or the TLS settings break a rule, which is named; the offending text is not repeated, it may hold a password.
    case configuration(String)
    /// No usable connection stood within the connect timeout; the detail is the last attempt's failure.
    case unavailable(String)
    /// The answer did not come within the command timeout (the command may have been carried out all the same), or
    /// the connection did not stand within the connect timeout.
    case timeout
    /// The connection ended before the answer came. The command may have been carried out all the same.
    case connectionLost(String)
    /// The TLS handshake failed: the certificate is not trusted, or there is no common protocol.
    case tls(String)
    /// As many commands wait as ``RedisConfiguration/maximumPendingCommands`` allows.
    case queueFull
    /// The command is longer than ``RedisCommand/maximumBytes``.
    case commandTooLarge
    /// An answer is longer than ``RedisConfiguration/maximumReplyBytes``.
    case replyTooLarge
    /// What the server sent is not RESP2, or answers nothing we asked.
    case protocolViolation(String)
    /// The server said no. `code` is the first word of its answer: `ERR`, `READONLY`, `LOADING`, `OOM`, `NOAUTH`,
    /// `WRONGPASS`, `NOPERM`, `WRONGTYPE`, `MOVED`, ….
    case server(code: String, message: String)
    /// `close()` was called.
    case closed
}

extension RedisError: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        switch self {
        case .configuration(let rule): rule
        case .unavailable: "Redis cannot be reached"
        case .timeout: "Redis did not answer in time"
        case .connectionLost: "the connection to Redis was lost"
        case .tls: "the TLS handshake with Redis failed"
        case .queueFull: "too many commands wait for Redis"
        case .commandTooLarge: "the command is too large for Redis"
        case .replyTooLarge: "Redis' answer is too large"
        case .protocolViolation: "Redis' answer is not the Redis protocol"
        case .server(let code, _): "Redis answered \(code)"
        case .closed: "the connection to Redis is closed"
        }
    }

    package var debugDescription: String {
        switch self {
        case .unavailable(let detail), .connectionLost(let detail), .tls(let detail), .protocolViolation(let detail):
            "\(self.description): \(detail)"
        case .server(_, let message):
            "\(self.description): \(message)"
        case .configuration, .timeout, .queueFull, .commandTooLarge, .replyTooLarge, .closed:
            self.description
        }
    }
}

extension RedisError {
    /// An error reply (`-CODE message`) as an error.
    ///
    /// The code is shown and logged, so it must look like one: capitals, digits and `_`, at most 32 of them. What does
    /// not is called `ERR`, Redis' own word for "something".
    package init(reply message: String) {
        let code = message.utf8.prefix { $0 != UInt8(ascii: " ") }
        let looksLikeCode = code.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
        let isCode = looksLikeCode && (1...32).contains(code.count)
        self = .server(code: isCode ? String(decoding: code, as: UTF8.self) : "ERR", message: message)
    }
}
