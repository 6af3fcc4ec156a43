import Access
package import Gateway

extension Configuration.ListenAddress {
    /// What `init` reads, for messages.
    static let allowed = "\"address:port\", such as \"127.0.0.1:8080\", \"0.0.0.0:8080\" or \"[::]:8080\""

    /// Reads `address:port`. The address is IPv4, IPv6 in brackets, or `localhost`; port 0 is one that is free.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = bytes[bytes.index(after: colon)...]
        guard
            (1...5).contains(digits.count), digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = Int(String(decoding: digits, as: UTF8.self)), port <= 65_535
        else { return nil }
        var host = String(decoding: bytes[..<colon], as: UTF8.self)
        let hasBrackets = host.utf8.first == UInt8(ascii: "[") && host.utf8.last == UInt8(ascii: "]")
        if hasBrackets { host = String(decoding: host.utf8.dropFirst().dropLast(), as: UTF8.self) }
        guard hasBrackets == host.utf8.contains(UInt8(ascii: ":")) else { return nil }
        guard IPAddress(host) != nil || host.isExactly("localhost") else { return nil }
        self.init(host: host, port: port)
    }

    /// What `init(orSocket:)` reads, for messages.
    static let allowedWithSocket = "\(allowed), or \"unix:/path\""

    /// Reads the same, or `unix:` and the absolute path of a socket, of which the system takes about a hundred bytes.
    package init?(orSocket text: String) {
        let prefix = "unix:"
        guard text.utf8.starts(with: prefix.utf8) else {
            self.init(text)
            return
        }
        let path = String(Substring(text.utf8.dropFirst(prefix.utf8.count)))
        guard path.utf8.first == UInt8(ascii: "/"), (2...100).contains(path.utf8.count) else { return nil }
        self.init(unixPath: path)
    }

    /// Whether two listeners with these addresses cannot both be. A wildcard takes the port of every address.
    package func collides(with other: Self) -> Bool {
        if let path = self.unixPath { return other.unixPath?.isExactly(path) ?? false }
        guard self.port == other.port, self.port != 0, other.unixPath == nil else { return false }
        let wildcards = [IPAddress("0.0.0.0"), IPAddress("::")]
        return wildcards.contains(self.address) || wildcards.contains(other.address) || self.address == other.address
    }

    private var address: IPAddress? {
        IPAddress(self.host.isExactly("localhost") ? "127.0.0.1" : self.host)
    }

    /// As it is written in the configuration.
    package var text: String {
        if let path = self.unixPath { return "unix:\(path)" }
        return self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}
