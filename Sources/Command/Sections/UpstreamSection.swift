import Access
import Gateway
import NIOCore
import OpenIDConnect

/// What is spoken with an application.
private enum UpstreamProtocol: String, CaseIterable {
    case http1
    /// By prior knowledge.
    case h2c
    /// Agreed on in the handshake of TLS.
    case http2 = "h2"
}

/// What a `[[route]]` says about the way to its application.
extension SectionReader {
    func upstream() -> Upstream? {
        let answers = self.fixedAnswers()
        let spoken: UpstreamProtocol = self.choice("upstream_protocol") ?? .http1
        let addresses = self.addresses("upstream", spoken)
        var upstream = Upstream(addresses ?? [])
        upstream.answers = answers
        if answers != nil, addresses != nil {
            self.refuse("upstream", found: "an upstream beside files or answer_file", allowed: "one of the three")
        }
        upstream.balance = self.choice("balance") ?? upstream.balance
        upstream.tls = self.upstreamTLS(spoken)
        upstream.connectTimeout = self.ownTime("connect_timeout")
        upstream.responseTimeout = self.ownTime("response_timeout")
        upstream.idleTimeout = self.ownTime("idle_timeout")
        upstream.healthPath = self.value("health_path", allowed: "a path such as \"/healthz\"") { Self.path($0) }
        upstream.healthInterval =
            self.timeAmount("health_interval", in: .milliseconds(100)...(.seconds(3600))) ?? upstream.healthInterval
        upstream.stripPrefix = self.strippedPrefix() ?? ""
        upstream.prefix = self.value("add_prefix", allowed: Self.allowedPrefix) { Self.prefix($0) } ?? ""
        upstream.hostHeader = self.value("host_header", allowed: "a host such as \"app.internal\"") { text in
            (try? Authority(text, scheme: .https)) == nil ? nil : text
        }
        upstream.tolerated = self.quirks("tolerate") ?? []
        if self.string("body_size", allowed: "a size")?.isEmpty == false {
            upstream.bodyLimit = self.size("body_size", in: 0...1 << 50)
        }
        upstream.upgrades = self.upgrades("upgrades") ?? upstream.upgrades
        upstream.allowedOrigins = self.origins("allowed_origins") ?? upstream.allowedOrigins
        upstream.outlivesSession = self.flag("outlive_session") ?? upstream.outlivesSession
        return addresses == nil && answers == nil ? nil : upstream
    }

    private static let allowedAddress = "\"http://host:port\", \"https://host:port\" or \"unix:/path\", without a path"

    /// One address, or a list of them. `nil`: a front proxy knows, or we answer ourselves.
    private func addresses(_ key: String, _ spoken: UpstreamProtocol) -> [UpstreamAddress]? {
        let texts: [String]
        if case .file(.list) = self.setting(key) {
            guard let list = self.list(key, of: Self.allowedAddress, mayBeEmpty: false) else { return nil }
            texts = list
        } else {
            guard let text = self.text(key, allowed: Self.allowedAddress) else { return nil }
            texts = [text]
        }
        var addresses: [UpstreamAddress] = []
        for text in texts {
            guard let address = Self.address(text, speaksHTTP2: spoken != .http1) else {
                self.refuse(key, found: ConfigurationProblem.quoted(text), allowed: Self.allowedAddress)
                return nil
            }
            guard spoken == .http1 || address.isTLS == (spoken == .http2) else {
                self.refuse(
                    key,
                    found: ConfigurationProblem.quoted(text),
                    allowed: "https with upstream_protocol = \"h2\", and http or unix with \"h2c\""
                )
                return nil
            }
            addresses.append(address)
        }
        return addresses
    }

    /// Where an application listens: nothing else that a URL can have.
    private static func address(_ text: String, speaksHTTP2: Bool) -> UpstreamAddress? {
        if text.utf8.starts(with: "unix:/".utf8) {
            // What fits into a socket's address, with the byte behind it.
            // "unix:///run/app.sock" is meant as well.
            let path = "/" + String(decoding: text.utf8.dropFirst(5).drop { $0 == UInt8(ascii: "/") }, as: UTF8.self)
            return path.utf8.count < 108 ? UpstreamAddress(socketPath: path, speaksHTTP2: speaksHTTP2) : nil
        }
        guard let url = EndpointURL(text), url.isOriginOnly,
            let authority = try? Authority(url.authority, scheme: url.isTLS ? .https : .http)
        else { return nil }
        var host = authority.host
        if host.utf8.first == UInt8(ascii: "[") { host = String(host.dropFirst().dropLast()) }
        return UpstreamAddress(
            host: host,
            port: authority.port ?? (url.isTLS ? 443 : 80),
            isTLS: url.isTLS,
            speaksHTTP2: speaksHTTP2
        )
    }

    private func upstreamTLS(_ spoken: UpstreamProtocol) -> UpstreamTLS {
        var tls = UpstreamTLS()
        tls.speaksHTTP2 = spoken == .http2
        tls.caFile = self.file("upstream_ca_file")
        tls.certificateFile = self.file("upstream_certificate_file")
        tls.keyFile = self.text("upstream_key_file", allowed: "the path of a file")
        tls.serverName = self.value("upstream_server_name", allowed: "a name such as \"app.internal\"") { text in
            guard let authority = try? Authority(text, scheme: .https), authority.port == nil else { return nil }
            return authority.host
        }
        tls.isInsecure = self.flag("insecure_upstream_tls") ?? false
        if (tls.certificateFile == nil) != (tls.keyFile == nil),
            !self.hasProblem("upstream_certificate_file", "upstream_key_file")
        {
            self.refuse(
                tls.keyFile == nil ? "upstream_key_file" : "upstream_certificate_file",
                found: "nothing",
                allowed: "a certificate and its key, both"
            )
        } else if tls != UpstreamTLS(), let problem = tls.problem, !self.hasProblem("upstream_ca_file") {
            let key = tls.certificateFile == nil ? "upstream_ca_file" : "upstream_certificate_file"
            self.refuse(key, found: problem, allowed: "PEM files that belong together")
        }
        return tls
    }

    /// A time of this route alone; an empty text for none.
    private func ownTime(_ key: String) -> TimeAmount? {
        guard self.string(key, allowed: "a duration")?.isEmpty == false else { return nil }
        return self.timeAmount(key, in: .milliseconds(1)...(.seconds(86_400)))
    }

    private static let allowedPrefix = "a path such as \"/api\", without a slash at its end"

    private func strippedPrefix() -> String? {
        guard let prefix = self.value("strip_prefix", allowed: Self.allowedPrefix, { Self.prefix($0) }) else {
            return nil
        }
        guard let path = self.text("path"), path.isExactly(prefix) || path.utf8.starts(with: (prefix + "/").utf8) else {
            self.refuse(
                "strip_prefix",
                found: ConfigurationProblem.quoted(prefix),
                allowed: "the route's path, or the beginning of it"
            )
            return nil
        }
        return prefix
    }

    private static func prefix(_ text: String) -> String? {
        text.utf8.last == UInt8(ascii: "/") ? nil : Self.path(text)
    }

    /// As it may stand in a request line.
    private static func path(_ text: String) -> String? {
        let target = try? RequestTarget(text)
        return target?.text.isExactly(text) ?? false ? text : nil
    }

    private func quirks(_ key: String) -> [Upstream.Quirk]? {
        let names = Upstream.Quirk.allCases.map(\.rawValue)
        guard let texts = self.list(key, of: ConfigurationProblem.quoted(names), mayBeEmpty: true) else { return nil }
        return texts.compactMap { text in
            if let quirk = Upstream.Quirk.allCases.first(where: { $0.rawValue.isExactly(text) }) { return quirk }
            self.refuse(
                key,
                found: ConfigurationProblem.quoted(text),
                allowed: ConfigurationProblem.quoted(names),
                hint: ConfigurationProblem.suggestion(for: text, among: names)
            )
            return nil
        }
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
}
