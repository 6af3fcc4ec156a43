/// Where the requests of a route go, and all there is to know about the way. Routes that agree in all of it share one.
package struct Upstream: Sendable, Equatable {
    /// At least one.
    package var addresses: [UpstreamAddress]
    /// The protocols a browser may switch to, in lower case (RFC 9110, 7.8). Never "h2c": what is inside would be requests
    /// that nobody has decided on.
    package var upgrades = ["websocket"]
    /// Origins of other pages whose scripts may open a tunnel; the route's own always may.
    package var allowedOrigins: [String] = []
    /// Whether tunnels and streams go on when the session they were opened with ends.
    package var outlivesSession = false

    package init(_ addresses: [UpstreamAddress]) {
        self.addresses = addresses
    }
}
