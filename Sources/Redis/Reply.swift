/// What Redis can answer (RESP2).
///
/// Strings of the server's own (`status`, `error`) are text, repaired where they are not UTF-8; values are bytes.
package enum Reply: Equatable, Sendable {
    /// No such value: `$-1` or `*-1`.
    case null
    /// `+OK` and the like.
    case status(String)
    /// An error inside an array, such as one command of an `EXEC`. An error that is the whole answer arrives as
    /// ``RedisError/server(code:message:)``.
    case error(String)
    /// `:1`.
    case integer(Int64)
    /// A value.
    case bytes([UInt8])
    /// Several answers in one, nested up to seven levels (hiredis' limit).
    case array([Reply])
}

extension Reply {
    /// Whether the answer is `+OK`.
    package var isOK: Bool {
        guard case .status(let text) = self else { return false }
        return text.utf8.elementsEqual("OK".utf8)
    }
}
