import Access
import NIOCore
import NIOHTTP1

/// What is known of the exchange that runs on a connection, and what its log line will say.
final class CurrentExchange {
    let head: HTTPRequestHead
    var requestID: String
    let startedAt = NIODeadline.now()

    /// `nil` until the request has been understood.
    var access: AccessRequest?
    var client: ClientAddress?
    var route: Route?
    var permit: Permit?
    var session: OpenedSession?
    var decision: Metrics.Decision?
    var fault: Fault?
    var status = 0
    /// The endpoint of ours that waits for the body, and what of it has come.
    var endpoint: Endpoint?
    var body: [UInt8] = []
    var bytesIn = 0
    var bytesOut = 0
    /// How the upstream's response goes on; `nil` until it has begun.
    var response: ForwardedResponse?
    /// A dead reused connection has been replaced once.
    var hasRetried = false

    init(head: HTTPRequestHead, requestID: String) {
        self.head = head
        self.requestID = requestID
    }

    /// Whether the answer may be a page: the request is a navigation, as far as it has been understood.
    var wantsPage: Bool { self.access?.isNavigation ?? false }
}
