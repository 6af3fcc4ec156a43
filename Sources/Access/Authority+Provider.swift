/// A host has sessions with each of its providers, and none of them is good for another.
extension Authority {
    private static let mark = UInt8(ascii: " ")

    /// What sessions of this host with a provider are sealed for: no host, for none has a space in it. Those with the first
    /// provider, which has no name, are for the host itself.
    package func with(provider: String) -> Authority {
        guard !provider.isEmpty else { return self }
        return Authority(text: "\(self.text) \(provider)", port: self.port, hostLength: self.host.utf8.count)
    }

    /// The provider's name in what `with(provider:)` has made; empty for the first.
    package static func provider(in text: String) -> String {
        String(Substring(text.utf8.drop { $0 != Self.mark }.dropFirst()))
    }

    /// The host of what `with(provider:)` has made.
    package static func host(in text: String) -> String {
        String(Substring(text.utf8.prefix { $0 != Self.mark }))
    }
}
