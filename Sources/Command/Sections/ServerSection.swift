import Access
import Cryptography
import Gateway
import OpenIDConnect

extension Configuration.Server {
    /// `[server]`; `nil` when the listener or the public URL is not known.
    init?(_ section: SectionReader) {
        let listeners = section.listeners("listen")
        let insecureHTTP = section.flag("insecure_http") ?? false
        let publicURL = section.publicURL("public_url", insecureHTTP: insecureHTTP)
        let workers = section.number("workers", in: 0...1_024)
        let trustedProxies = section.networks("trusted_proxies")
        let proxyProtocolFrom = section.networks("proxy_protocol_from")
        let socketMode = section.value("socket_mode", allowed: "three octal digits behind a zero, such as \"0660\"") {
            Self.mode($0)
        }
        let http2 = section.flag("http2")
        let drainTimeout = section.timeAmount("drain_timeout", in: .zero...(.seconds(3_600)))
        let drainDelay = section.timeAmount("drain_delay", in: .zero...(.seconds(3_600)))
        let reloadInterval = section.timeAmount("reload_interval", in: .zero...(.seconds(86_400)))
        let sendsForwarded = section.flag("send_forwarded")
        guard let listeners, let publicURL else { return nil }
        self.init(listen: .init(host: "127.0.0.1", port: 0), publicURL: publicURL)
        self.listeners = listeners
        self.insecureHTTP = insecureHTTP
        self.workers = workers ?? self.workers
        self.trustedProxies = trustedProxies?.ranges ?? self.trustedProxies
        self.trustsUnixSockets = trustedProxies?.hasUnix ?? self.trustsUnixSockets
        self.proxyProtocolFrom = proxyProtocolFrom?.ranges ?? self.proxyProtocolFrom
        self.proxyProtocolFromUnix = proxyProtocolFrom?.hasUnix ?? self.proxyProtocolFromUnix
        self.socketMode = socketMode ?? self.socketMode
        self.http2 = http2 ?? self.http2
        self.drainTimeout = drainTimeout ?? self.drainTimeout
        self.drainDelay = drainDelay ?? self.drainDelay
        self.reloadInterval = reloadInterval ?? self.reloadInterval
        self.sendsForwarded = sendsForwarded ?? self.sendsForwarded
    }

    private static func mode(_ text: String) -> UInt32? {
        let digits = Array(text.utf8)
        guard digits.count == 4, digits[0] == UInt8(ascii: "0") else { return nil }
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 << 3 | UInt32($1 - UInt8(ascii: "0")) }
    }
}

extension Configuration.Admin {
    /// Whoever guesses it signs everybody out.
    private static let shortestToken = 20

    /// `[admin]`. `server` are the other listeners.
    init(_ section: SectionReader, besides server: [Configuration.ListenAddress]) {
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
        if server.contains(where: { $0.collides(with: self.listen) }) {
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
    ///
    /// "unix" stands for who connects by a unix socket.
    fileprivate func networks(_ key: String) -> (ranges: [AddressRange], hasUnix: Bool)? {
        let allowed = "addresses and networks, such as \"10.0.0.0/8\" or \"::1\", and \"unix\""
        guard let texts = self.list(key, of: allowed, mayBeEmpty: true) else { return nil }
        var ranges: [AddressRange] = []
        for text in texts where !text.isExactly("unix") {
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
                    hint: "a public network is at most a /10, or a /24 of IPv6: this would believe everybody"
                )
                continue
            }
            ranges.append(range)
        }
        return (ranges, texts.contains { $0.isExactly("unix") })
    }
}
