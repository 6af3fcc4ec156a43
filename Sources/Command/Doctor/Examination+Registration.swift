import Access
import BackChannel
import Cryptography
import Gateway
import JSON
import OpenIDConnect

/// Whether the provider knows the application as the configuration has it: its client, and where browsers come back to.
extension Examination {
    /// A code that nobody was given: whoever refuses the code has accepted the client.
    mutating func tryClient(
        _ provider: Provider,
        _ question: ProviderQuestion
    ) async {
        let form = TokenRequest.code(
            Self.marker(),
            redirectURI: self.redirectURI(self.hosts(of: question.index).first ?? self.front.authority),
            verifier: ProofKey(randomBytes: Random.bytes(32)).verifier,
            client: question.settings.client
        )
        var fields = [(name: "Content-Type", value: TokenRequest.contentType)]
        if let authorization = form.authorization { fields.append(("Authorization", authorization)) }
        self.report.count(to: provider.tokenEndpoint)
        let request = BackChannelRequest(method: .post, url: provider.tokenEndpoint, headers: fields, body: form.body)
        guard let answer = try? await question.backChannel.send(request) else {
            return self.report.cannotSee("whether the provider takes client_id and client_secret: no answer")
        }
        let error = Self.error(in: answer)
        switch error?.utf8 {
        case .some(let name) where name.elementsEqual("invalid_grant".utf8):
            self.report.isGood("the provider takes client_id and client_secret")
        case .some(let name)
        where name.elementsEqual("invalid_client".utf8) || name.elementsEqual("unauthorized_client".utf8):
            self.report.add(
                Finding(
                    .critical,
                    "Nobody can sign in: the provider does not take the client's credentials",
                    seen: "\(answer.status) \(error ?? "") from \(provider.tokenEndpoint)",
                    change: self.place(question, "client_id") + ", " + self.secretPlace(question)
                )
            )
        default:
            self.report.cannotSee(
                "whether the provider takes client_id and client_secret: it answered \(answer.status) \(error ?? "")"
            )
        }
    }

    private func secretPlace(_ question: ProviderQuestion) -> String {
        let inFile = self.place(question, "client_secret_file")
        return inFile.hasSuffix("(not set)") ? self.place(question, "client_secret") : inFile
    }

    /// The very request a browser is sent with, up to the provider's first answer.
    mutating func tryRedirectURI(
        of authority: Authority,
        _ provider: Provider,
        _ question: ProviderQuestion
    ) async {
        let redirectURI = self.redirectURI(authority)
        let url = AuthorizationRequest(
            provider: provider,
            client: question.settings.client,
            redirectURI: redirectURI,
            state: Self.marker(),
            nonce: Self.marker(),
            challenge: ProofKey(randomBytes: Random.bytes(32)).challenge,
            prompt: question.settings.prompt,
            parameters: self.configuration.signIn.options.parameters
        ).url
        guard let answer = await self.front(url, question.backChannel, provider.authorizationEndpoint) else {
            return self.report.cannotSee(
                "whether \(redirectURI) is registered: the provider's pages are not reached from here"
            )
        }
        let location = answer.header("location") ?? ""
        if answer.status >= 400 {
            let error = Self.error(in: answer) ?? ""
            let isURI = error.isExactly("invalid_redirect_uri") || answer.body.holds(Array("redirect_uri".utf8))
            let isClient = error.isExactly("invalid_client")
            self.report.add(
                Finding(
                    .critical,
                    isURI
                        ? "The provider does not know the redirect URI: nobody can sign in"
                        : "The provider refuses the sign-in's first request",
                    seen: "\(answer.status) \(error) for redirect_uri=\(redirectURI)",
                    change: isClient
                        ? self.place(question, "client_id")
                        : "register \(redirectURI) with the provider (Logto: Redirect URIs); or "
                            + self.places.place("server", "public_url") + ", " + self.places.place("paths", "callback")
                )
            )
        } else if location.utf8.starts(with: redirectURI.utf8), let error = Self.parameter("error", in: location) {
            self.report.add(
                Finding(
                    .critical,
                    "The provider refuses every sign-in",
                    seen: "\(error): \(Self.parameter("error_description", in: location) ?? "")",
                    change: self.place(question, error.isExactly("invalid_scope") ? "scopes" : "prompt")
                        + ", or [sign_in]"
                )
            )
        } else {
            self.report.isGood("the provider knows the redirect URI \(redirectURI)")
        }
    }

    mutating func trySignOut(
        _ provider: Provider,
        _ question: ProviderQuestion
    ) async {
        guard let authority = self.hosts(of: question.index).first else { return }
        let uri = self.origin(authority) + self.configuration.paths.signedOut
        let request = EndSessionRequest(
            provider: provider,
            clientID: question.settings.client.id,
            postLogoutRedirectURI: uri,
            state: Self.marker()
        )
        guard let request else {
            return self.report.add(
                Finding(
                    .note,
                    "A sign-out ends the session here alone",
                    seen: "the provider has no end_session_endpoint",
                    change: self.place(question, "issuer")
                )
            )
        }
        guard let answer = await self.front(request.url, question.backChannel, provider.endSessionEndpoint ?? "") else {
            return self.report.cannotSee("whether \(uri) is registered: the provider's pages are not reached from here")
        }
        guard answer.status >= 400 else { return self.report.isGood("the provider knows the post sign-out URI \(uri)") }
        self.report.add(
            Finding(
                .warning,
                "The provider does not know where browsers go after a sign-out: it ends on an error page",
                seen: "\(answer.status) \(Self.error(in: answer) ?? "") for post_logout_redirect_uri=\(uri)",
                change: "register \(uri) with the provider (Logto: Post sign-out redirect URIs); or "
                    + self.places.place("paths", "signed_out")
            )
        )
    }

    /// A page of the provider's, as a browser without cookies would get it.
    private mutating func front(
        _ url: String,
        _ backChannel: BackChannel,
        _ name: String
    ) async -> BackChannelResponse? {
        self.report.count(to: name)
        return try? await backChannel.send(
            BackChannelRequest(url: url, headers: [(name: "Accept", value: "application/json, text/html")])
        )
    }

    // MARK: - Reading

    private func origin(_ authority: Authority) -> String {
        "\(self.configuration.server.publicURL.scheme.rawValue)://\(authority.text)"
    }

    private func redirectURI(_ authority: Authority) -> String {
        self.origin(authority) + self.configuration.paths.callback
    }

    private static func error(in answer: BackChannelResponse) -> String? {
        (try? JSON.parse(answer.body))?["error"]?.stringValue
    }

    private static func parameter(_ name: String, in url: String) -> String? {
        guard let mark = url.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        let fields = FormEncoding.decode(Array(url.utf8[url.utf8.index(after: mark)...]))
        return fields?.first { $0.name.elementsEqual(name.utf8) }.map { String(decoding: $0.value, as: UTF8.self) }
    }
}
