import Access
import BackChannel
import JSON
import Logging
import OpenIDConnect

/// The tokens one session has obtained for upstreams: each is kept while it is good and asked for once at a time.
final class UpstreamTokens {
    private struct Obtained {
        let text: String
        let until: Instant
    }

    private var obtained: [UpstreamToken: Obtained] = [:]
    /// Requests to the provider stand in line: each may bring the refresh token of the next.
    private var line: [() -> Void] = []
    private var isAsking = false
    /// The newest one, once the provider has replaced that of the session.
    private(set) var refreshToken: String?

    /// A token this close to its end would not survive the way to the application.
    private static let margin = Duration.seconds(30)

    /// Why there is no token.
    enum Failure: Error {
        /// The refresh token is gone for good.
        case signInAgain
        /// The user has no right to one, or the configuration asks for what is not there.
        case refused(String)
        case fault(Fault)
    }

    func token(
        _ wanted: UpstreamToken,
        of opened: OpenedSession,
        on worker: Worker,
        _ respond: @escaping (Result<String, Failure>) -> Void
    ) {
        let session = opened.session
        switch wanted {
        case .idToken:
            return respond(
                session.idToken.isEmpty ? .failure(.refused("there is no ID token")) : .success(session.idToken)
            )
        case .accessToken:
            let isGood =
                session.accessTokenExpiresAt.map { worker.wallClock < $0.advanced(by: .zero - Self.margin) } ?? true
            if let token = session.accessToken, isGood { return respond(.success(token)) }
        case .obtained: break
        }
        if let known = self.known(wanted, worker.wallClock) { return respond(.success(known)) }
        self.line.append {
            // Somebody in front may have asked for the same.
            if let known = self.known(wanted, worker.wallClock) {
                respond(.success(known))
                return self.next()
            }
            self.ask(for: wanted, of: opened, on: worker) { result in
                respond(result)
                self.next()
            }
        }
        if !self.isAsking { self.next() }
    }

    /// How long the token of before is good for; `nil` when it was not obtained here.
    func lifetime(of wanted: UpstreamToken, now: Instant) -> Duration? {
        self.obtained[wanted].flatMap { now < $0.until ? $0.until - now : nil }
    }

    private func known(_ wanted: UpstreamToken, _ now: Instant) -> String? {
        guard let known = self.obtained[wanted], now < known.until else { return nil }
        return known.text
    }

    private func next() {
        self.isAsking = !self.line.isEmpty
        guard self.isAsking else { return }
        self.line.removeFirst()()
    }

    private func ask(
        for wanted: UpstreamToken,
        of opened: OpenedSession,
        on worker: Worker,
        _ respond: @escaping (Result<String, Failure>) -> Void
    ) {
        guard let refreshToken = self.refreshToken ?? opened.session.refreshToken else {
            return respond(.failure(.refused("there is no refresh token")))
        }
        var resource: String?
        var organizationID: String?
        if case .obtained(let asked, let organization) = wanted {
            resource = asked
            switch organization {
            case nil: break
            case .fixed(let id): organizationID = id
            case .segment, .field: return respond(.failure(.refused("nobody has looked up the organization")))
            case .only:
                let all = (opened.session.parsedClaims["organizations"]?.arrayValue ?? []).compactMap(\.stringValue)
                guard all.count == 1 else { return respond(.failure(.refused("the user is not in one organization"))) }
                organizationID = all[0]
            }
        }
        let client = worker.settings.configuration.provider.client
        let request = TokenRequest.refresh(
            refreshToken,
            resource: resource,
            organizationID: organizationID,
            client: client
        )
        let (directory, backChannel) = (worker.provider, worker.backChannel)
        worker.run {
            let endpoint = try await directory.snapshot().provider.tokenEndpoint
            let response = try await backChannel.post(request, to: endpoint)
            return TokenResponse.parse(status: response.status, body: response.body)
        } then: { result in
            switch result {
            case .failure(let error):
                respond(.failure(.fault(error as? Fault ?? .provider("no token", detail: "\(error)"))))
            case .success(.temporary): respond(.failure(.fault(.provider("the token endpoint failed"))))
            case .success(.refused(let code, _)) where code.utf8.elementsEqual("invalid_grant".utf8):
                respond(.failure(.signInAgain))
            case .success(.refused(let code, let description)):
                respond(.failure(.refused("\(code): \(description ?? "")")))
            case .success(.tokens(let tokens)):
                let lifetime = tokens.expiresIn.map { Duration.seconds($0) } ?? .seconds(60)
                let until = worker.wallClock.advanced(by: lifetime - Self.margin)
                self.obtained[wanted] = Obtained(text: tokens.accessToken, until: until)
                self.keep(tokens.refreshToken, instead: refreshToken, opened, on: worker)
                respond(.success(tokens.accessToken))
            }
        }
    }

    /// A replaced refresh token is stored: the old one ends the whole grant when it is used again.
    private func keep(_ new: String?, instead old: String, _ opened: OpenedSession, on worker: Worker) {
        guard let new, !new.utf8.elementsEqual(old.utf8) else { return }
        self.refreshToken = new
        worker.sessions.replace(opened, with: opened.session.replacingRefreshToken(with: new)) { result in
            guard case .failure(let fault) = result else { return }
            worker.logger.warning("a new refresh token could not be stored", metadata: ["error": "\(fault.reason)"])
        }
    }
}
