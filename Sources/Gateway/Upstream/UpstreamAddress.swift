/// Where an application listens.
package struct UpstreamAddress: Sendable, Hashable {
    /// A name or an address, without brackets; "localhost" for a socket.
    package let host: String
    package let port: Int
    /// Whether it speaks TLS.
    package let isTLS: Bool
    /// HTTP/2, as gRPC wants it: agreed on in the handshake, or by prior knowledge.
    package let speaksHTTP2: Bool
    /// The path of a Unix domain socket; `nil` for TCP.
    package let socketPath: String?

    package init(host: String, port: Int, isTLS: Bool = false, speaksHTTP2: Bool = false) {
        self.host = host
        self.port = port
        self.isTLS = isTLS
        self.speaksHTTP2 = speaksHTTP2
        self.socketPath = nil
    }

    package init(socketPath: String, speaksHTTP2: Bool = false) {
        self.speaksHTTP2 = speaksHTTP2
        self.host = "localhost"
        self.port = 80
        self.isTLS = false
        self.socketPath = socketPath
    }

    /// What the upstream calls itself, for the `Host` field of a route that does not keep the browser's.
    var authority: String {
        let host = self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]" : self.host
        return self.port == (self.isTLS ? 443 : 80) ? host : "\(host):\(self.port)"
    }

    /// For logs.
    var text: String { self.socketPath.map { "unix:" + $0 } ?? (self.isTLS ? "https://" : "http://") + self.authority }
}
