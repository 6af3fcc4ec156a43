/// Where an application listens.
package struct UpstreamAddress: Sendable, Hashable {
    /// A name or an address, without brackets.
    package let host: String
    package let port: Int
    /// HTTP/2 by prior knowledge, as gRPC wants it.
    package let speaksHTTP2: Bool

    package init(host: String, port: Int, speaksHTTP2: Bool = false) {
        self.host = host
        self.port = port
        self.speaksHTTP2 = speaksHTTP2
    }

    /// What the upstream calls itself, for the `Host` field of a route that does not keep the browser's.
    var authority: String {
        let host = self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]" : self.host
        return self.port == 80 ? host : "\(host):\(self.port)"
    }
}
