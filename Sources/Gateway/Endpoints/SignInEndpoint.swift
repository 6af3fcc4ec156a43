import Access
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// Sends the browser to the provider, and remembers in the browser itself what it will be asked when it comes back.
enum SignInEndpoint {
    /// `sign-in?rd=…`: always a new sign-in, also for who is signed in. `register` is the same for who has no account.
    static func answer(
        _ request: EndpointRequest,
        isRegistration: Bool = false,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        guard request.isMethod("GET") || request.isMethod("HEAD") else {
            return respond(.methodNotAllowed("GET, HEAD"))
        }
        do {
            let parameters = try Self.parameters(of: request, on: worker)
            let target = Self.returnTarget(request.parameter("rd"), for: request, on: worker)
            Self.begin(
                returningTo: target,
                parameters: parameters,
                isRegistration: isRegistration,
                attempt: 0,
                for: request,
                on: worker,
                respond
            )
        } catch {
            respond(.fault(error, asPage: request.access.isNavigation, requestID: request.requestID))
        }
    }

    /// Logto's parameters, as the link has them.
    private static func parameters(
        of request: EndpointRequest,
        on worker: Worker
    ) throws(Fault) -> SignInParameters {
        var parameters = SignInParameters()
        let mayBringToken = worker.settings.configuration.signIn.oneTimeTokens
        for name in SignInParameters.Name.allCases where name != .oneTimeToken || mayBringToken {
            guard let value = request.parameter(name.rawValue) else { continue }
            do {
                try parameters.set(name, to: String(decoding: value, as: UTF8.self))
            } catch {
                throw .malformed("a sign-in parameter has a value Logto would drop all of them for")
            }
        }
        guard parameters.oneTimeToken == nil || parameters.loginHint != nil else {
            throw .malformed("a one-time token goes with the e-mail address as login_hint")
        }
        return parameters
    }

    /// Starts a sign-in.
    ///
    /// - Parameters:
    ///   - returnURL: path and query on our own origin, already judged.
    ///   - parameters: over those of the route that it ends on.
    ///   - isRegistration: whether the first page is the one for a new account.
    ///   - attempt: how often this sign-in has been started over because its transaction was gone.
    static func begin(
        returningTo returnURL: ReturnURL,
        parameters: SignInParameters,
        isRegistration: Bool = false,
        attempt: UInt8,
        for request: EndpointRequest,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        let start = {
            Self.start(
                returningTo: returnURL,
                parameters: parameters,
                isRegistration: isRegistration,
                attempt: attempt,
                for: request,
                on: worker,
                respond
            )
        }
        guard let limit = worker.settings.signInLimit else { return start() }
        limit.take(request.access.clientAddress, store: worker.sessions.store) { passes in
            if passes { return start() }
            worker.metrics.count(.signIns)
            respond(.fault(.tooManySignIns, asPage: request.access.isNavigation, requestID: request.requestID))
        }
    }

    private static func start(
        returningTo returnURL: ReturnURL,
        parameters: SignInParameters,
        isRegistration: Bool,
        attempt: UInt8,
        for request: EndpointRequest,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        let loop = SignInLoop(request.cookies, names: worker.settings.cookieNames)
        if loop.isGoingInCircles(now: worker.wallClock) {
            var answer = Answer.page(
                Page(
                    .goingInCircles,
                    actions: [.link(label: "Try again", href: worker.settings.configuration.paths.signIn)],
                    requestID: request.requestID
                ),
                status: .badRequest
            )
            answer.fault = Fault(.downstream, .badRequest, "the sign-in goes in circles")
            answer.setCookie(SignInLoop.cleared(on: worker))
            return respond(answer)
        }
        worker.withProvider { result in
            switch result {
            case .success(let snapshot):
                respond(
                    Self.redirect(
                        returnURL,
                        parameters,
                        isRegistration,
                        attempt,
                        for: request,
                        on: worker,
                        at: snapshot.provider
                    )
                )
            case .failure(let fault):
                respond(.fault(fault, asPage: request.access.isNavigation, requestID: request.requestID))
            }
        }
    }

    private static func redirect(
        _ returnURL: ReturnURL,
        _ parameters: SignInParameters,
        _ isRegistration: Bool,
        _ attempt: UInt8,
        for request: EndpointRequest,
        on worker: Worker,
        at provider: Provider
    ) -> Answer {
        let settings = worker.settings
        let route = Self.route(of: returnURL, for: request, on: worker)
        let stepUp = route?.policy.requirement?.stepUp ?? .none
        let signIn = SignIn(
            returnURL: returnURL,
            authority: settings.sessions(of: request.access.authority).text,
            startedAt: worker.readClock(),
            attempt: attempt,
            stepUp: stepUp
        )
        guard let sealed = try? signIn.sealed(with: settings.keys) else {
            let fault = Fault(.gateway, .internalServerError, "a sign-in could not be sealed")
            return .fault(fault, asPage: true, requestID: request.requestID)
        }
        var wish = SignInOptions()
        wish.parameters = parameters
        let options = Self.options(
            settings.configuration.signIn.options.merging(route?.signIn ?? SignInOptions()).merging(wish),
            isRegistration,
            for: request
        )
        // Logto looks at a one-time token on the way through its pages alone.
        let prompt = parameters.oneTimeToken == nil ? options.prompt : "login consent"
        let authorization = AuthorizationRequest(
            provider: provider,
            client: settings.configuration.provider.client,
            redirectURI: settings.redirectURI(for: request.access.authority),
            state: signIn.state,
            nonce: signIn.nonce,
            challenge: signIn.proofKey.challenge,
            prompt: prompt ?? settings.configuration.provider.prompt,
            parameters: options.parameters,
            maxAge: stepUp.maximumAge.map { Int(clamping: $0.components.seconds) },
            acrValues: stepUp.classes,
            resources: settings.resources
        )
        var answer = Answer.redirect(.found, to: authorization.url)
        let sessions = settings.sessions(of: request.access.authority)
        let transactions = Transactions(request.cookies, settings: settings, authority: sessions)
        for name in transactions.superfluous { answer.setCookie(transactions.cleared(name)) }
        answer.setCookie(transactions.cookie(for: signIn, sealed: sealed))
        worker.metrics.count(.started)
        return answer
    }

    private static func options(
        _ options: SignInOptions,
        _ isRegistration: Bool,
        for request: EndpointRequest
    ) -> SignInOptions {
        var options = options
        if isRegistration { options.parameters = options.parameters.forRegistration }
        if options.followsBrowserLanguage ?? false, options.parameters.uiLocales.isEmpty {
            let tags = AcceptLanguage.tags(in: request.acceptLanguage ?? "")
            // Tags of this shape are what the parameter takes.
            try? options.parameters.set(.uiLocales, to: tags)
        }
        return options
    }

    /// The route a return target leads to.
    static func route(of returnURL: ReturnURL, for request: EndpointRequest, on worker: Worker) -> Route? {
        guard let target = try? RequestTarget(returnURL.text) else { return nil }
        return try? worker.settings.routes.route(for: request.access.authority, "GET", target)
    }

    /// Where `rd` may lead: our own origin, and not back into a sign-in or sign-out.
    static func returnTarget(_ text: [UInt8]?, for request: EndpointRequest, on worker: Worker) -> ReturnURL {
        let settings = worker.settings
        let url = text.flatMap { text in
            ReturnURL(text, scheme: settings.scheme, authority: request.access.authority) { target in
                settings.endpoints.endpoint(for: target) != nil
            }
        }
        return url ?? .root
    }
}
