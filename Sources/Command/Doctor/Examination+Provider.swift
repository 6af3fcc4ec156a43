import Access
import BackChannel
import Cryptography
import Gateway
import JSON
import Logging
import OpenIDConnect

/// Who is asked, as whom, and by whom.
struct ProviderQuestion {
    let settings: Configuration.ProviderSettings
    /// Its place among the providers of the file.
    let index: Int
    let backChannel: BackChannel
}

/// Whether sign-in and refresh can work: the provider is asked what the gateway and browsers will ask it.
extension Examination {
    mutating func examineProviders() async {
        for index in self.configuration.providers.indices { await self.examineProvider(index) }
    }

    private mutating func examineProvider(_ index: Int) async {
        let settings = self.configuration.providers[index]
        guard let backChannel = try? BackChannel(BackChannelConfiguration(settings)) else {
            return self.report.cannotSee("the provider \(settings.issuer): there is no thread to ask it on")
        }
        defer { backChannel.shutDown() }
        let question = ProviderQuestion(settings: settings, index: index, backChannel: backChannel)
        guard let (provider, document) = await self.discover(question) else { return }
        self.judge(document, question)
        await self.tryClient(provider, question)
        for authority in self.hosts(of: index) { await self.tryRedirectURI(of: authority, provider, question) }
        await self.trySignOut(provider, question)
    }

    func place(_ question: ProviderQuestion, _ key: String) -> String {
        self.places.place(ofProvider: question.index, key)
    }

    /// Every host whose sign-ins come back to it.
    func hosts(of provider: Int) -> [Authority] {
        var hosts = provider == 0 ? [self.configuration.server.publicURL.authority] : []
        for route in self.configuration.routes where route.provider == provider && !hosts.contains(route.authority) {
            hosts.append(route.authority)
        }
        return Array(hosts.prefix(10))
    }

    // MARK: - Discovery

    private mutating func discover(_ question: ProviderQuestion) async -> (Provider, JSON)? {
        let settings = question.settings
        let backChannel = question.backChannel
        let place = self.place(question, settings.backChannelURL == nil ? "issuer" : "back_channel_url")
        do {
            let directory = ProviderDirectory(
                settings: settings,
                backChannel: backChannel,
                logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() },
                clock: { Instant(seconds: 0) }
            )
            self.report.count(2, to: settings.issuer)
            let provider = try await directory.snapshot().provider
            let url = try Provider.discoveryURL(issuer: settings.issuer, backChannel: settings.backChannelURL)
            self.report.count(to: settings.issuer)
            let answer = try await backChannel.send(BackChannelRequest(url: url))
            self.report.isGood("the discovery document and keys of \(settings.issuer) are good")
            return (provider, try JSON.parse(answer.body))
        } catch {
            let fault = error as? Fault
            self.report.add(
                Finding(
                    .critical,
                    "Nobody can sign in: \(fault?.reason ?? "the provider cannot be discovered")",
                    seen: fault?.detail ?? "\(error)",
                    change: place + ", byte for byte as the provider writes it (Logto's ends in /oidc)"
                )
            )
            return nil
        }
    }

    /// What the document says it can, beside what we ask for.
    private mutating func judge(_ document: JSON, _ question: ProviderQuestion) {
        let settings = question.settings
        func offered(_ member: String) -> [String]? {
            document[member]?.arrayValue.map { $0.compactMap(\.stringValue) }
        }
        let scopes = settings.client.scopes
        if let known = offered("scopes_supported") {
            for scope in scopes where !known.contains(where: { $0.isExactly(scope) }) {
                self.report.add(
                    Finding(
                        .note,
                        "The provider does not list a scope that is asked for",
                        seen: "\(ConfigurationProblem.quoted(scope)) is not in scopes_supported",
                        change: self.place(question, "scopes")
                    )
                )
            }
        }
        let asksOffline = scopes.contains { $0.isExactly("offline_access") }
        let asksConsent = settings.prompt.split(separator: " ").contains { $0.utf8.elementsEqual("consent".utf8) }
        if !asksOffline || !asksConsent {
            self.report.add(
                Finding(
                    .warning,
                    "There will be no refresh token: roles and suspensions go unnoticed until the next sign-in",
                    seen: asksOffline
                        ? "prompt has no \"consent\", without which Logto gives none"
                        : "scopes have no \"offline_access\"",
                    change: self.place(question, asksOffline ? "prompt" : "scopes")
                )
            )
        }
        if let methods = offered("token_endpoint_auth_methods_supported"),
            !methods.contains(where: { $0.isExactly(settings.client.authentication.rawValue) })
        {
            self.report.add(
                Finding(
                    .warning,
                    "The provider does not take the way the gateway proves itself",
                    seen: "it takes \(ConfigurationProblem.quoted(methods))",
                    change: self.place(question, "client_authentication")
                )
            )
        }
        if let methods = offered("code_challenge_methods_supported"), !methods.contains(where: { $0.isExactly("S256") })
        {
            self.report.add(
                Finding(
                    .warning,
                    "The provider does not say that it knows PKCE with S256, which is always sent",
                    seen: "code_challenge_methods_supported: \(ConfigurationProblem.quoted(methods))",
                    change: self.place(question, "issuer")
                )
            )
        }
    }
}
