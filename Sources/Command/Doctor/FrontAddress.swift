package import Access
import Gateway
import OpenIDConnect

/// The deployment as browsers reach it, and where its connections are really made.
package struct FrontAddress: Sendable {
    package let scheme: Scheme
    package let authority: Authority
    /// A name or an address without brackets.
    package let host: String
    package let port: Int

    /// - Parameters:
    ///   - url: scheme and host, as in "https://app.example.com".
    ///   - connect: "address:port" to connect to instead of what the name says, for a deployment without its name.
    package init?(_ url: String, connect: String? = nil) {
        guard let url = EndpointURL(url), url.isOriginOnly else { return nil }
        self.scheme = url.isTLS ? .https : .http
        guard let authority = try? Authority(url.authority, scheme: self.scheme) else { return nil }
        self.authority = authority
        if let connect {
            guard let address = Configuration.ListenAddress(connect) else { return nil }
            self.host = address.host
            self.port = address.port
        } else {
            self.host = authority.host.withoutBrackets
            self.port = authority.port ?? self.scheme.defaultPort
        }
    }

    package var origin: String { "\(self.scheme.rawValue)://\(self.authority.text)" }

    /// Whether it is on the machine that asks, so that nothing can be learnt of what others reach.
    package var isLoopback: Bool { self.host.isLoopbackHost }
}

extension String {
    /// An IPv6 address as sockets want it.
    var withoutBrackets: String {
        self.utf8.first == UInt8(ascii: "[") && self.utf8.last == UInt8(ascii: "]")
            ? String(self.dropFirst().dropLast()) : self
    }

    /// Whether a host, without brackets, is this machine for everybody.
    var isLoopbackHost: Bool {
        let bracketed = self.utf8.contains(UInt8(ascii: ":")) ? "[\(self)]" : self
        return EndpointURL("http://\(bracketed)")?.isLoopback ?? false
    }
}
