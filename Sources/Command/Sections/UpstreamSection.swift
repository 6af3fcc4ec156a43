import Access
import Gateway
import OpenIDConnect

/// What a `[[route]]` says about the way to its application.
extension SectionReader {
    func upstream() -> Upstream? {
        let address = self.address("upstream")
        let upgrades = self.upgrades("upgrades")
        let origins = self.origins("allowed_origins")
        let outlivesSession = self.flag("outlive_session")
        guard let address else { return nil }
        var upstream = Upstream([address])
        upstream.upgrades = upgrades ?? upstream.upgrades
        upstream.allowedOrigins = origins ?? upstream.allowedOrigins
        upstream.outlivesSession = outlivesSession ?? upstream.outlivesSession
        return upstream
    }

    /// Where an application listens: host and port, and nothing else that a URL can have.
    private func address(_ key: String) -> UpstreamAddress? {
        let allowed = "\"http://host:port\", without a path"
        guard let text = self.required(key, allowed: allowed, { $0 }) else { return nil }
        let url = EndpointURL(text)
        guard let url, !url.isTLS, url.isOriginOnly, let authority = try? Authority(url.authority, scheme: .http) else {
            let isTLS = text.lowercased().utf8.starts(with: "https:".utf8)
            self.refuse(
                key,
                found: ConfigurationProblem.quoted(text),
                allowed: allowed,
                hint: isTLS ? "https to an upstream is not supported yet" : nil
            )
            return nil
        }
        var host = authority.host
        if host.utf8.first == UInt8(ascii: "[") { host = String(host.dropFirst().dropLast()) }
        return UpstreamAddress(host: host, port: authority.port ?? 80)
    }

    /// Names of protocols, such as "websocket".
    private func upgrades(_ key: String) -> [String]? {
        let allowed = "protocol names such as \"websocket\""
        guard let names = self.list(key, of: allowed, mayBeEmpty: true) else { return nil }
        for name in names where !name.utf8.allSatisfy(Self.isProtocolByte) {
            self.refuse(key, found: ConfigurationProblem.quoted(name), allowed: allowed + " in lower case")
        }
        for name in names where name.isExactly("h2c") || name.utf8.starts(with: "http".utf8) {
            self.refuse(
                key,
                found: ConfigurationProblem.quoted(name),
                allowed: allowed,
                hint: "requests inside such a tunnel would reach the application without a decision"
            )
        }
        return names
    }

    private static func isProtocolByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    /// Origins as browsers write them: scheme and host, and the port unless it is the scheme's own.
    private func origins(_ key: String) -> [String]? {
        let allowed = "origins such as \"https://app.example.com\""
        guard let texts = self.list(key, of: allowed, mayBeEmpty: true) else { return nil }
        for text in texts where !Self.isOrigin(text) {
            self.refuse(key, found: ConfigurationProblem.quoted(text), allowed: allowed)
        }
        return texts
    }

    private static func isOrigin(_ text: String) -> Bool {
        guard let url = EndpointURL(text), url.isOriginOnly else { return false }
        let scheme: Scheme = url.isTLS ? .https : .http
        guard let authority = try? Authority(url.authority, scheme: scheme) else { return false }
        return text.isExactly("\(scheme.rawValue)://\(authority.text)")
    }
}
