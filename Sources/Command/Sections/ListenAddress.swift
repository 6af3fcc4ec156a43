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

    /// Whether two listeners with these addresses cannot both be. A wildcard takes the port of every address.
    package func collides(with other: Self) -> Bool {
        guard self.port == other.port, self.port != 0 else { return false }
        let wildcards = [IPAddress("0.0.0.0"), IPAddress("::")]
        return wildcards.contains(self.address) || wildcards.contains(other.address) || self.address == other.address
    }

    private var address: IPAddress? {
        IPAddress(self.host.isExactly("localhost") ? "127.0.0.1" : self.host)
    }

    /// As it is written in the configuration.
    package var text: String {
        self.host.utf8.contains(UInt8(ascii: ":")) ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}
