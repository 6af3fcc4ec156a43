import Access
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// Sends the browser to the provider, and remembers in the browser itself what it will be asked when it comes back.
enum SignInEndpoint {
    /// `sign-in?rd=…`: always a new sign-in, also for who is signed in.
    static func answer(_ request: EndpointRequest, on worker: Worker, _ respond: @escaping (Answer) -> Void) {
        guard request.isMethod("GET") || request.isMethod("HEAD") else {
            return respond(.methodNotAllowed("GET, HEAD"))
        }
        var parameters = SignInParameters()
        for name in SignInParameters.Name.allCases where name != .oneTimeToken {
            guard let value = request.parameter(name.rawValue) else { continue }
            do {
                try parameters.set(name, to: String(decoding: value, as: UTF8.self))
            } catch {
                let fault = Fault.malformed("a sign-in parameter has a value Logto would drop all of them for")
                return respond(.fault(fault, asPage: request.access.isNavigation, requestID: request.requestID))
            }
        }
        let target = Self.returnTarget(request.parameter("rd"), for: request, on: worker)
        Self.begin(returningTo: target, parameters: parameters, attempt: 0, for: request, on: worker, respond)
    }

    /// Starts a sign-in.
    ///
    /// - Parameters:
    ///   - returnURL: path and query on our own origin, already judged.
    ///   - attempt: how often this sign-in has been started over because its transaction was gone.
    static func begin(
        returningTo returnURL: ReturnURL,
        parameters: SignInParameters,
        attempt: UInt8,
        for request: EndpointRequest,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        if let limit = worker.settings.signInLimit, !limit.take(request.access.clientAddress, now: .now()) {
            worker.metrics.count(.signIns)
            return respond(
                .fault(.tooManySignIns, asPage: request.access.isNavigation, requestID: request.requestID))
        }
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
        if let snapshot = worker.provider.current {
            return respond(
                Self.redirect(returnURL, parameters, attempt, for: request, on: worker, at: snapshot.provider))
        }
        let directory = worker.provider
        worker.run { try await directory.snapshot() } then: { result in
            switch result {
            case .success(let snapshot):
                respond(Self.redirect(returnURL, parameters, attempt, for: request, on: worker, at: snapshot.provider))
            case .failure(let error):
                let fault = error as? Fault ?? .provider("the provider cannot be discovered", detail: "\(error)")
                respond(.fault(fault, asPage: request.access.isNavigation, requestID: request.requestID))
            }
        }
    }

    private static func redirect(
        _ returnURL: ReturnURL,
        _ parameters: SignInParameters,
        _ attempt: UInt8,
        for request: EndpointRequest,
        on worker: Worker,
        at provider: Provider
    ) -> Answer {
        let settings = worker.settings
        let signIn = SignIn(
            returnURL: returnURL,
            authority: request.access.authority.text,
            startedAt: worker.wallClock,
            attempt: attempt
        )
        guard let sealed = try? signIn.sealed(with: settings.keys) else {
            let fault = Fault(.gateway, .internalServerError, "a sign-in could not be sealed")
            return .fault(fault, asPage: true, requestID: request.requestID)
        }
        let prompt = settings.configuration.provider.prompt
        let authorization = AuthorizationRequest(
            provider: provider,
            client: settings.configuration.provider.client,
            redirectURI: settings.redirectURI(for: request.access.authority),
            state: signIn.state,
            nonce: signIn.nonce,
            challenge: signIn.proofKey.challenge,
            prompt: prompt.isEmpty ? nil : prompt,
            parameters: settings.configuration.signIn.parameters.merging(parameters)
        )
        var answer = Answer.redirect(.found, to: authorization.url)
        let transactions = Transactions(request.cookies, settings: settings, authority: request.access.authority)
        for name in transactions.superfluous { answer.setCookie(transactions.cleared(name)) }
        answer.setCookie(transactions.cookie(for: signIn, sealed: sealed))
        worker.metrics.count(.started)
        return answer
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
