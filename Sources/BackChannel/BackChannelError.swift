/// Why there is no answer.
package enum BackChannelError: Error, Equatable {
    /// The deadline passed. The request may have been carried out.
    case timeout
    /// The deadline passed, or the one for connecting, before anything was sent.
    case timeoutUnsent
    /// The host's name has no address.
    case cannotResolve
    /// Nobody accepts connections there. Nothing was sent.
    case refused
    /// The connection broke before the answer was whole. The request may have been carried out.
    case interrupted
    /// No trusted connection: certificate, host name, handshake, or the authorities could not be read.
    case tls(String)
    /// The answer exceeds `maximumResponseBytes`, or its header 64 KiB.
    case tooLarge
    /// Plain http to a host that is not loopback. Nothing was sent.
    case insecureURL
    /// Our request, its URL, or the answer is not HTTP as it should be.
    case malformed(String)
    /// The task was cancelled.
    case cancelled
    /// The back channel is shut down.
    case shutDown
    /// A `CURLcode` that has no name here.
    case other(code: Int32, String)
}

extension BackChannelError: CustomStringConvertible, CustomDebugStringConvertible {
    /// Which case; safe to show to anybody.
    package var description: String {
        switch self {
        case .timeout: "back channel: timeout"
        case .timeoutUnsent: "back channel: timeout before anything was sent"
        case .cannotResolve: "back channel: the host has no address"
        case .refused: "back channel: connection refused"
        case .interrupted: "back channel: connection interrupted"
        case .tls: "back channel: no trusted TLS connection"
        case .tooLarge: "back channel: answer too large"
        case .insecureURL: "back channel: plain http to a host that is not loopback"
        case .malformed: "back channel: malformed request or answer"
        case .cancelled: "back channel: cancelled"
        case .shutDown: "back channel: shut down"
        case .other(let code, _): "back channel: libcurl error \(code)"
        }
    }

    /// With libcurl's or OpenSSL's own words, which may name hosts, addresses and files: for the operator's log.
    package var debugDescription: String {
        switch self {
        case .tls(let detail), .malformed(let detail), .other(_, let detail): "\(self.description): \(detail)"
        default: self.description
        }
    }
}
