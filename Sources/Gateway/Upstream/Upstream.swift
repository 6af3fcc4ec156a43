package import NIOCore

/// Where the requests of a route go, and all there is to know about the way. Routes that agree in all of it share one.
package struct Upstream: Sendable, Equatable {
    /// Which of several addresses a request goes to.
    package enum Balance: String, Sendable, CaseIterable {
        case roundRobin = "round-robin"
        /// The one with the fewest requests of this worker's under way.
        case leastBusy = "least-busy"
        /// All requests of a session go to one, as long as it is there.
        case sticky
    }

    /// What an upstream may get wrong in a response's head. Each is mended where the meaning is not in doubt.
    package enum Quirk: String, Sendable, CaseIterable {
        /// Lines that end with LF alone.
        case bareLineFeed = "bare-lf"
        /// Values that go on in the next line (RFC 9112, 5.2).
        case foldedFields = "folded-fields"
        /// `Content-Length` several times, with the same value.
        case repeatedLength = "repeated-length"
    }

    /// At least one, unless `answers` is set.
    package var addresses: [UpstreamAddress]
    package var balance = Balance.roundRobin
    package var tls = UpstreamTLS()
    /// `nil`, here and below: as for all routes.
    package var connectTimeout: TimeAmount?
    package var responseTimeout: TimeAmount?
    package var idleTimeout: TimeAmount?
    /// Asked for now and then; who does not answer it with 2xx or 3xx gets no requests. `nil`: nobody is asked.
    package var healthPath: String?
    package var healthInterval = TimeAmount.seconds(10)
    /// What the upstream does not see of a path, and what it sees in front of the rest; neither ends with a slash.
    package var stripPrefix = ""
    package var prefix = ""
    /// The `Host` the upstream sees, whatever the browser's or its own is.
    package var hostHeader: String?
    package var tolerated: [Quirk] = []
    /// The largest body of a request, in bytes; `nil`: as for all routes.
    package var bodyLimit: Int?
    /// The protocols a browser may switch to, in lower case (RFC 9110, 7.8). Never "h2c": what is inside would be requests
    /// that nobody has decided on.
    package var upgrades = ["websocket"]
    /// Origins of other pages whose scripts may open a tunnel; the route's own always may.
    package var allowedOrigins: [String] = []
    /// Whether tunnels and streams go on when the session they were opened with ends.
    package var outlivesSession = false
    /// What is answered without an upstream.
    package var answers: FixedAnswers?

    /// Whether its addresses speak HTTP/2: all of them do, or none.
    package var speaksHTTP2: Bool { self.addresses.first?.speaksHTTP2 ?? false }

    package init(_ addresses: [UpstreamAddress]) {
        self.addresses = addresses
    }
}
