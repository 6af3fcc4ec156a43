import Access
import Cryptography
import Gateway
import OpenIDConnect

extension Configuration.Server {
    /// `[server]`; `nil` when the listener or the public URL is not known.
    init?(_ section: SectionReader) {
        let listen = section.required("listen", allowed: Configuration.ListenAddress.allowedWithSocket) {
            Configuration.ListenAddress(orSocket: $0)
        }
        let insecureHTTP = section.flag("insecure_http") ?? false
        let publicURL = section.publicURL("public_url", insecureHTTP: insecureHTTP)
        let workers = section.number("workers", in: 0...1_024)
        let trustedProxies = section.trustedProxies("trusted_proxies")
        let drainTimeout = section.timeAmount("drain_timeout", in: .zero...(.seconds(3_600)))
        let drainDelay = section.timeAmount("drain_delay", in: .zero...(.seconds(3_600)))
        let sendsForwarded = section.flag("send_forwarded")
        guard let listen, let publicURL else { return nil }
        self.init(listen: listen, publicURL: publicURL)
        self.insecureHTTP = insecureHTTP
        self.workers = workers ?? self.workers
        self.trustedProxies = trustedProxies?.ranges ?? self.trustedProxies
        self.trustsUnixSockets = trustedProxies?.unixSockets ?? self.trustsUnixSockets
        self.drainTimeout = drainTimeout ?? self.drainTimeout
        self.drainDelay = drainDelay ?? self.drainDelay
        self.sendsForwarded = sendsForwarded ?? self.sendsForwarded
    }
}

extension Configuration.Admin {
    /// Whoever guesses it signs everybody out.
    private static let shortestToken = 20

    /// `[admin]`. `server` is the other listener.
    init(_ section: SectionReader, besides server: Configuration.ListenAddress?) {
        self.init()
        let listen = section.value("listen", allowed: Configuration.ListenAddress.allowed) {
            Configuration.ListenAddress($0)
        }
        self.listen = listen ?? self.listen
        let allowed = "at least \(Self.shortestToken) characters of chance"
        let token = section.secret("token", allowed: allowed)
        if let token, token.utf8.count < Self.shortestToken {
            section.refuse("token", found: "\(token.utf8.count) characters", allowed: allowed)
        }
        self.token = token.map { Secret($0) }
        if let server, server.collides(with: self.listen) {
            section.refuse(
                "listen",
                found: "\"\(self.listen.text)\"",
                allowed: "another address than that of server.listen"
            )
        }
    }
}

extension Configuration.Check {
    /// `[check]`. `others` are the other listeners.
    init(_ section: SectionReader, besides others: [(name: String, address: Configuration.ListenAddress)]) {
        self.init()
        self.listen = section.value("listen", allowed: Configuration.ListenAddress.allowedWithSocket) {
            Configuration.ListenAddress(orSocket: $0)
        }
        for other in others {
            guard let listen = self.listen, listen.collides(with: other.address) else { continue }
            section.refuse("listen", found: "\"\(listen.text)\"", allowed: "another address than that of \(other.name)")
        }
    }
}

extension SectionReader {
    /// An origin under which browsers reach us. Over plain http the session cookie can be read on the way.
    fileprivate func publicURL(_ key: String, insecureHTTP: Bool) -> Configuration.PublicURL? {
        let allowed = "\"https://host\" or \"https://host:port\", without a path"
        guard let url = self.required(key, allowed: allowed, { EndpointURL($0) }) else { return nil }
        let scheme = url.isTLS ? Scheme.https : .http
        guard url.isOriginOnly, let authority = try? Authority(url.authority, scheme: scheme) else {
            self.refuse(key, found: ConfigurationProblem.quoted(url.text), allowed: allowed)
            return nil
        }
        guard url.isTLS || url.isLoopback || insecureHTTP else {
            self.refuse(
                key,
                found: ConfigurationProblem.quoted(url.text),
                allowed: "https, or http for a loopback host, or insecure_http = true"
            )
            return nil
        }
        return Configuration.PublicURL(scheme: scheme, authority: authority)
    }

    /// Networks whose word is believed. Everybody's is never: they would choose their own addresses.
    fileprivate func trustedProxies(_ key: String) -> (ranges: [AddressRange], unixSockets: Bool)? {
        let allowed = "addresses and networks, such as \"10.0.0.0/8\" or \"::1\", and \"unix\""
        guard let texts = self.list(key, of: allowed, mayBeEmpty: true) else { return nil }
        var ranges: [AddressRange] = []
        var unixSockets = false
        for text in texts {
            if text.isExactly("unix") {
                unixSockets = true
                continue
            }
            guard let range = AddressRange(text) else {
                let hint = text.utf8.contains(UInt8(ascii: "/")) ? "no bit may be set behind the prefix" : nil
                self.refuse(key, found: ConfigurationProblem.quoted(text), allowed: allowed, hint: hint)
                continue
            }
            guard !range.isTooWide else {
                self.refuse(
                    key,
                    found: ConfigurationProblem.quoted(text),
                    allowed: allowed,
                    hint: "this would believe everybody"
                )
                continue
            }
            ranges.append(range)
        }
        return (ranges, unixSockets)
    }
}
