import Cryptography
import Gateway
import OpenIDConnect

extension Configuration.ProviderSettings {
    /// `[provider]`; `nil` when the issuer or the client is not known.
    init?(_ section: SectionReader) {
        let insecureHTTP = section.flag("insecure_http") ?? false
        let issuer = section.issuer("issuer", insecureHTTP: insecureHTTP)
        let client = section.client()
        let prompt = section.prompt("prompt")
        let backChannelURL = section.providerOrigin("back_channel_url", insecureHTTP: insecureHTTP)
        let browserURL = section.providerOrigin("browser_url", insecureHTTP: insecureHTTP)
        let caFile = section.file("ca_file")
        let caDirectory = section.directory("ca_directory")
        let timeout = section.duration("timeout", in: .milliseconds(1)...(.seconds(300)))
        let maximumResponseBytes = section.size("max_response", in: 1 << 10...64 << 20)
        let clockSkew = section.duration("clock_skew", in: .zero...(.seconds(600)))
        let refreshRetry = section.duration("refresh_retry", in: .zero...(.seconds(3_600)))
        let webhookKey = section.secret("webhook_key", allowed: "the webhook's signing key")
        guard let issuer, let client else { return nil }
        self.init(issuer: issuer, client: client)
        self.name = section.text("name", allowed: "a name") ?? ""
        self.prompt = prompt ?? self.prompt
        self.backChannelURL = backChannelURL
        self.browserURL = browserURL
        self.caFile = caFile
        self.authorities = caFile.flatMap { try? TextFile.bytes(of: $0) }.map { Digest.sha256($0) } ?? []
        self.caDirectory = caDirectory
        self.insecureHTTP = insecureHTTP
        self.timeout = timeout ?? self.timeout
        self.maximumResponseBytes = maximumResponseBytes ?? self.maximumResponseBytes
        self.clockSkew = clockSkew ?? self.clockSkew
        self.webhookKey = webhookKey.map { Secret($0) }
        self.refreshRetry = refreshRetry ?? self.refreshRetry
        self.warnOfMissingConsent(section)
    }

    private func warnOfMissingConsent(_ section: SectionReader) {
        let asksForConsent = self.prompt.utf8.split(separator: UInt8(ascii: " ")).contains {
            $0.elementsEqual("consent".utf8)
        }
        guard !asksForConsent, self.client.scopes.contains("offline_access") else { return }
        section.warn(
            "prompt",
            "without \"consent\" Logto drops the scope offline_access, and sessions cannot be refreshed"
        )
    }
}

extension SectionReader {
    /// Compared byte for byte with what the provider says of itself, so it is kept as it is written.
    fileprivate func issuer(_ key: String, insecureHTTP: Bool) -> String? {
        let allowed = "an https URL without query and fragment, such as \"https://auth.example.com/oidc\""
        let issuer = self.required(key, allowed: allowed) { text in
            EndpointURL(text).flatMap { $0.hasQuery ? nil : (text: text, url: $0) }
        }
        guard let issuer, self.isSecureEnough(issuer.url, key, insecureHTTP: insecureHTTP) else { return nil }
        if issuer.text.utf8.last == UInt8(ascii: "/") {
            self.warn(key, "it ends in a slash; Logto's does not, and the two are compared byte for byte")
        }
        return issuer.text
    }

    /// Scheme and host that take the place of the issuer's.
    fileprivate func providerOrigin(_ key: String, insecureHTTP: Bool) -> String? {
        let allowed = "\"https://host\" or \"https://host:port\", without a path"
        let url = self.value(key, allowed: allowed) { text in
            EndpointURL(text).flatMap { $0.isOriginOnly ? $0 : nil }
        }
        guard let url, self.isSecureEnough(url, key, insecureHTTP: insecureHTTP) else { return nil }
        return url.origin
    }

    private func isSecureEnough(_ url: EndpointURL, _ key: String, insecureHTTP: Bool) -> Bool {
        if url.isTLS || url.isLoopback || insecureHTTP { return true }
        self.refuse(
            key,
            found: ConfigurationProblem.quoted(url.text),
            allowed: "https, or http for a loopback host, or insecure_http = true"
        )
        return false
    }

    fileprivate func client() -> Client? {
        let id = self.required("client_id", allowed: "the application's id") { $0 }
        let secret = self.secret("client_secret", allowed: "the application's secret")
        let authentication: ClientAuthentication = self.choice("client_authentication") ?? .basic
        let scopes = self.scopes("scopes")
        if authentication == .none, secret != nil {
            self.refuse(
                "client_secret",
                found: "a secret",
                allowed: "none with client_authentication = \"none\""
            )
        }
        if authentication != .none, secret == nil, !self.hasProblem("client_secret", "client_secret_file") {
            self.refuse(
                "client_secret",
                found: "nothing",
                allowed: "the application's secret, here or in client_secret_file"
            )
        }
        guard let id else { return nil }
        return Client(
            id: id,
            secret: secret.map { Secret($0) },
            authentication: authentication,
            scopes: scopes ?? Client.defaultScopes
        )
    }

    private func scopes(_ key: String) -> [String]? {
        guard let scopes = self.list(key, of: "scopes, such as \"profile\"", mayBeEmpty: false) else { return nil }
        guard let odd = scopes.first(where: { !Client.isScope($0) }) else { return scopes }
        self.refuse(
            key,
            found: ConfigurationProblem.quoted(odd),
            allowed: "a list of scopes: visible ASCII without space, quotation mark and backslash"
        )
        return nil
    }

    /// Any of `login` and `consent` (OpenID Connect Core 3.1.2.1, and what Logto takes of it). With `none` nobody could ever
    /// sign in who is not signed in at the provider already.
    func prompt(_ key: String) -> String? {
        let allowed = ["", "login", "consent", "login consent"]
        guard let text = self.string(key, allowed: ConfigurationProblem.quoted(allowed)) else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let isKnown = words.allSatisfy { word in ["login", "consent"].contains { $0.isExactly(word) } }
        guard text.isEmpty || isKnown && words.unique.count == words.count else {
            self.refuse(
                key,
                found: ConfigurationProblem.quoted(text),
                allowed: ConfigurationProblem.quoted(allowed),
                hint: ConfigurationProblem.suggestion(for: text, among: allowed)
            )
            return nil
        }
        return text
    }
}
