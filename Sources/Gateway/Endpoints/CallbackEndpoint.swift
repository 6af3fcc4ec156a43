import Access
import JSON
import Logging
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// The way back from the provider: state first, then issuer, then the code, once.
enum CallbackEndpoint {
    static func answer(_ request: EndpointRequest, on worker: Worker, _ respond: @escaping (Answer) -> Void) {
        // A HEAD would use the code up and show nobody anything.
        guard request.isMethod("GET") else { return respond(.methodNotAllowed("GET")) }
        let callback = Callback(request: request, worker: worker, respond: respond)
        callback.begin()
    }

    /// Whether the browser comes back from a sign-in with this worker's provider: its cookie is sealed for that.
    static func belongs(_ request: EndpointRequest, to worker: Worker) -> Bool {
        let query = Array(request.access.target.query ?? ""[...].utf8)
        let authority = worker.settings.sessions(of: request.access.authority)
        let transactions = Transactions(request.cookies, settings: worker.settings, authority: authority)
        return AuthorizationResponse.state(in: query).flatMap { transactions.signIn(for: $0) } != nil
    }
}

/// One callback on its way. Lives on the worker's loop; only `CodeExchange` runs elsewhere.
private final class Callback {
    private let request: EndpointRequest
    private let worker: Worker
    private let respond: (Answer) -> Void
    private let query: [UInt8]
    private let transactions: Transactions

    init(request: EndpointRequest, worker: Worker, respond: @escaping (Answer) -> Void) {
        self.request = request
        self.worker = worker
        self.respond = respond
        self.query = Array(request.access.target.query ?? ""[...].utf8)
        self.transactions = Transactions(
            request.cookies,
            settings: worker.settings,
            authority: worker.settings.sessions(of: request.access.authority)
        )
    }

    /// What the provider's sessions on this host are sealed for.
    private var sessions: Authority { self.worker.settings.sessions(of: self.request.access.authority) }

    func begin() {
        guard let state = AuthorizationResponse.state(in: self.query), let signIn = self.transactions.signIn(for: state)
        else { return self.startOver(AuthorizationResponse.state(in: self.query)) }
        self.worker.withProvider { result in
            switch result {
            case .success(let snapshot): self.judge(signIn, at: snapshot.provider)
            case .failure(let fault): self.fail(fault)
            }
        }
    }

    private func judge(_ signIn: SignIn, at provider: Provider) {
        do {
            let response = try AuthorizationResponse.parse(
                query: self.query,
                expectedState: Array(signIn.state.utf8),
                issuer: provider.issuer,
                issRequired: provider.issParameterSupported
            )
            let settings = self.worker.settings.configuration
            switch response {
            case .refused(let error, let description):
                self.worker.metrics.count(.refused)
                self.log(.notice, "the provider refused a sign-in", "\(error): \(description ?? "")")
                self.finish(signIn, .cancelled, status: .forbidden)
            case .code where self.worker.wallClock - signIn.startedAt > settings.signIn.timeout:
                // A slow sign-in is no mistake of the user's: once more, to the same place.
                self.startOver(signIn)
            case .code(let code):
                self.claim(signIn, code)
            }
        } catch {
            self.worker.metrics.count(.failed)
            self.log(.warning, "an authorization response was not accepted", error.debugDescription)
            self.finish(signIn, .signInFailed, status: .badRequest)
        }
    }

    /// A state is good once, also for two callbacks at the same moment on two replicas.
    private func claim(_ signIn: SignIn, _ code: String) {
        // Remembered until its sign-in is too old to come back, by any replica's clock.
        let life = self.worker.settings.configuration.signIn.timeout + .seconds(60)
        self.worker.sessions.claim(signIn.claimName, for: life) { result in
            switch result {
            case .success(true): self.redeem(code, of: signIn)
            case .success(false): self.startOver(signIn)
            case .failure(let fault): self.fail(fault)
            }
        }
    }

    private func redeem(_ code: String, of signIn: SignIn) {
        // The sign-in's own beginning is known to the second: until it is over, the sign-in counts as not begun.
        let begunAt = min(Timestamp.now.inMilliseconds, signIn.startedAt.seconds * 1000 + 999)
        let exchange = CodeExchange(
            directory: self.worker.provider,
            backChannel: self.worker.backChannel,
            settings: self.worker.settings,
            logger: self.worker.logger
        )
        let now = self.worker.wallClock
        let started = ContinuousClock.now
        self.worker.run {
            try await exchange.session(for: code, of: signIn, now: now)
        } then: { result in
            self.worker.metrics.providerLatency.record(.init(ContinuousClock.now - started))
            switch result {
            case .success(let session):
                guard signIn.stepUp.accepts(acr: session.parsedClaims["acr"]?.stringValue) else {
                    return self.failed(signIn, .unacceptable(.authenticationClassNotMet))
                }
                self.store(session, signIn, begunAt: begunAt)
            case .failure(let error): self.failed(signIn, error as? CodeExchange.Failure)
            }
        }
    }

    private func store(_ session: Session, _ signIn: SignIn, begunAt: Int64) {
        self.worker.sessions.create(session) { result in
            switch result {
            case .failure(let fault): self.fail(fault)
            case .success(let ticket):
                self.worker.sessions.stands(session, under: ticket, begunAt: begunAt) { result in
                    switch result {
                    case .failure(let fault): self.fail(fault)
                    case .success(true): self.replaceOld(with: ticket, session, signIn)
                    case .success(false):
                        self.log(.notice, "a session was ended while it began", nil)
                        self.startOver(signIn)
                    }
                }
            }
        }
    }

    private func replaceOld(with ticket: Ticket, _ session: Session, _ signIn: SignIn) {
        // The record this browser had before is nobody's any more. The new session stands either way.
        self.worker.sessions.remove(self.request.tickets, for: self.sessions) { removed, _ in
            let provider = session.providerSessionID
            let old = removed.compactMap(\.session).filter { !$0.mayShareGrant(withProviderSession: provider) }
            self.worker.revoke(old.compactMap(\.refreshToken))
            self.succeed(ticket, session, signIn)
        }
    }

    private func succeed(_ ticket: Ticket, _ session: Session, _ signIn: SignIn) {
        self.worker.metrics.count(.completed)
        self.worker.audit?.write(
            .signedIn,
            subject: session.identity.subject,
            session: ticket.key,
            client: self.request.access.clientAddress,
            requestID: self.request.requestID
        )
        var answer = Answer.redirect(.seeOther, to: signIn.returnURL.text)
        answer.setCookie(self.worker.ticketCookie(ticket))
        answer.setCookie(self.transactions.cleared(self.cookieName(of: signIn)))
        let loop = SignInLoop(self.request.cookies, names: self.worker.settings.cookieNames)
        answer.setCookie(loop.completed(on: self.worker))
        self.respond(answer)
    }

    // MARK: When it does not work out

    private func failed(_ signIn: SignIn, _ failure: CodeExchange.Failure?) {
        self.worker.metrics.count(.failed)
        switch failure {
        case .refused(let code, let description):
            self.log(.warning, "the provider refused the code", "\(code): \(description ?? "")")
            self.finish(signIn, .signInFailed, status: .badGateway)
        case .unacceptable(let error) where error.isStepUpUnmet:
            // Asking again would get the same answer: the page is where the circle ends.
            self.log(.warning, "the provider did not sign in as the route requires", error.debugDescription)
            self.finish(signIn, .stepUpUnmet, status: .forbidden)
        case .unacceptable(let error):
            self.log(.error, "the provider's ID token was not accepted", error.debugDescription)
            self.finish(signIn, .signInFailed, status: .badGateway)
        case .fault(let fault): self.fail(fault)
        case nil: self.fail(Fault(.gateway, .internalServerError, "a sign-in broke off"))
        }
    }

    private func fail(_ fault: Fault) {
        self.respond(.fault(fault, asPage: true, requestID: self.request.requestID))
    }

    /// This sign-in is over; its page offers another.
    private func finish(_ signIn: SignIn, _ text: Page.Text, status: HTTPResponseStatus) {
        let target = FormEncoding.encode([("rd", signIn.returnURL.text)])
        let again = self.worker.settings.configuration.paths.signIn + "?" + target
        let page = Page(text, actions: [.link(label: "Try again", href: again)], requestID: self.request.requestID)
        var answer = Answer.page(page, status: status)
        answer.setCookie(self.transactions.cleared(self.cookieName(of: signIn)))
        self.respond(answer)
    }

    /// The transaction is known but of no more use: another sign-in to the same place, unless there is a session.
    private func startOver(_ signIn: SignIn) {
        self.startOver(attempt: signIn.attempt, returningTo: signIn.returnURL, clearing: self.cookieName(of: signIn))
    }

    /// No transaction fits: cookies blocked, a stale tab, the back button, or somebody else's link.
    private func startOver(_ state: [UInt8]?) {
        let attempt: UInt8 = state.map { SignIn.isSecondAttempt(state: $0) } ?? false ? 1 : 0
        self.startOver(attempt: attempt, returningTo: .root, clearing: nil)
    }

    private func startOver(attempt: UInt8, returningTo returnURL: ReturnURL, clearing cookie: String?) {
        self.worker.sessions.load(self.request.tickets, for: self.sessions) { result in
            switch result {
            case .failure(let fault) where !fault.isUnreadableSession: self.fail(fault)
            case .success(.some):
                var answer = Answer.redirect(.seeOther, to: returnURL.text)
                if let cookie { answer.setCookie(self.transactions.cleared(cookie)) }
                self.respond(answer)
            case .success(nil) where attempt > 0, .failure where attempt > 0:
                let again = self.worker.settings.configuration.paths.signIn
                let actions = [Page.Action.link(label: "Try again", href: again)]
                self.respond(
                    .page(
                        Page(.cookiesMissing, actions: actions, requestID: self.request.requestID),
                        status: .badRequest
                    )
                )
            case .success(nil), .failure:
                SignInEndpoint.begin(
                    returningTo: returnURL,
                    parameters: .init(),
                    attempt: attempt + 1,
                    for: self.request,
                    on: self.worker,
                    self.respond
                )
            }
        }
    }

    private func cookieName(of signIn: SignIn) -> String {
        self.worker.settings.cookieNames.transaction(suffix: signIn.cookieSuffix)
    }

    private func log(_ level: Logger.Level, _ message: Logger.Message, _ error: String?) {
        var metadata: Logger.Metadata = ["request_id": "\(self.request.requestID)"]
        if let error { metadata["error"] = "\(error)" }
        self.worker.logger.log(level: level, message, metadata: metadata)
    }
}
