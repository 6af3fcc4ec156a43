import Access
import NIOCore

/// What is known of the exchange that runs on a connection, and what its log line will say. A connection keeps one and
/// uses it for one exchange after another.
final class CurrentExchange {
    /// Between `begin` and `end`.
    private(set) var isUnderWay = false
    /// Which of the connection's exchanges this is: what has been waited for must not meet the next one.
    private(set) var number = 0
    private(set) var startedAt = NIODeadline.uptimeNanoseconds(0)
    var requestID = RequestID("")
    /// As HTTP writes it; "-" for what was no request.
    var method = "-"

    /// `nil` until the request has been understood.
    var access: AccessRequest?
    var client: ClientAddress?
    var route: Route?
    var permit: Permit?
    var session: OpenedSession?
    /// The field that replaces the client's own `Authorization`.
    var authorization: [UInt8]?
    var decision: Metrics.Decision?
    var fault: Fault?
    /// `nil` unless the operator wants traces.
    var trace: TraceContext?
    /// Only for a log that shows it.
    var userAgent: String?
    var status = 0
    /// The endpoint of ours that waits for the body, and what of it has come.
    var endpoint: Endpoint?
    var body: [UInt8] = []
    var bytesIn = 0
    var bytesOut = 0
    /// How the upstream's response goes on; `nil` until it has begun.
    var response: ForwardedResponse?
    /// The protocol that the upstream may switch to, in lower case; `nil`: none.
    var upgrade: String?
    /// Whether the end of the session is to end it.
    var isLive = false
    /// When the upstream was wanted, and how long it took until its answer began; `nil` until then.
    var leasedAt = NIODeadline.uptimeNanoseconds(0)
    var upstreamTime: TimeAmount?
    /// A dead reused connection has been replaced once.
    var hasRetried = false

    func begin() {
        self.isUnderWay = true
        self.number += 1
        self.startedAt = .now()
    }

    /// Forgets everything: nothing of one exchange is seen in the next.
    func end() {
        self.isUnderWay = false
        self.requestID = RequestID("")
        self.method = "-"
        self.access = nil
        self.client = nil
        self.route = nil
        self.permit = nil
        self.session = nil
        self.decision = nil
        if self.fault != nil { self.fault = nil }
        if self.trace != nil { self.trace = nil }
        self.endpoint = nil
        if !self.body.isEmpty { self.body = [] }
        if self.authorization != nil { self.authorization = nil }
        if self.userAgent != nil { self.userAgent = nil }
        self.status = 0
        self.bytesIn = 0
        self.bytesOut = 0
        self.response = nil
        if self.upgrade != nil { self.upgrade = nil }
        self.isLive = false
        self.hasRetried = false
        self.upstreamTime = nil
    }

    /// Whether the answer may be a page: the request is a navigation, as far as it has been understood.
    var wantsPage: Bool { self.access?.isNavigation ?? false }
}

@available(*, unavailable)
extension CurrentExchange: Sendable {}
