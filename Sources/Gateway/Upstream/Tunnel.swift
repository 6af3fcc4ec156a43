/// What is known of a connection behind a `101`: bytes of another protocol flow both ways until either side ends.
final class Tunnel {
    /// How a tunnel ends when it is us who end it: the status codes of RFC 6455, 7.4.1.
    enum Ending {
        case goingAway
        case sessionEnded
        /// Who opened it is still signed in, and may not any more.
        case notPermitted

        /// The status of the close frame (RFC 6455, 7.4.1).
        var status: UInt16 {
            switch self {
            case .goingAway: 1001
            case .sessionEnded, .notPermitted: 1008
            }
        }

        /// For the application's scripts.
        var reason: String {
            switch self {
            case .goingAway: "going away"
            case .sessionEnded: "session ended"
            case .notPermitted: "not permitted any more"
            }
        }
    }

    let isWebSocket: Bool
    var towardsBrowser = WebSocketFrames()
    var towardsUpstream = WebSocketFrames()
    /// The upstream will send nothing more. It may still be listening.
    var upstreamHasEnded = false
    var browserHasEnded = false
    /// Set when we want it to end, which waits for the end of a frame.
    var ending: Ending?

    init(protocol name: String) {
        self.isWebSocket = name.isExactly("websocket")
    }
}

@available(*, unavailable)
extension Tunnel: Sendable {}
