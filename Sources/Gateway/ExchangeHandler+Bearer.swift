import Access
import JSON
import NIOHTTP1
import OpenIDConnect

/// API clients: a token in place of a session, and answers that say what is wrong with it, never a redirect.
extension ExchangeHandler {
    /// What the request's token stands for, when it is the one that was accepted on this connection before.
    func bearerSessionAtHand(for route: Route) -> OpenedSession? {
        guard route.bearer != nil else { return nil }
        return self.memory.session(ofTokenIn: self.head, for: route, now: self.worker.wallClock)
    }

    /// The token of a request to a route that takes some; `nil` when there is none, and where nobody is asked.
    func bearerToken(for route: Route, _ target: RequestTarget) throws(Fault) -> String? {
        guard route.bearer != nil, route.policy.access(to: target) != .anyone else { return nil }
        let fields = self.head.all(.authorization)
        guard let field = fields.first else { return nil }
        guard fields.count == 1 else { throw .malformed("more than one Authorization") }
        let parts = field.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
        guard parts.count == 2, equalIgnoringCase(Substring(parts[0]), "bearer") else {
            return nil
        }
        let token = parts[1]
        guard (1...(64 << 10)).contains(token.count), token.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .malformed("the bearer token is no token")
        }
        return String(decoding: token, as: UTF8.self)
    }

    /// Goes on with the token's session, or answers.
    func judge(_ token: String, for route: Route, then proceed: @escaping (OpenedSession) -> Void) {
        guard let policy = route.bearer else { return }
        let number = self.current.number
        self.party.bearerTokens.verdict(on: token, for: route, policy, on: self.party) { verdict in
            switch verdict {
            case .accepted(let session, let until):
                if self.isStill(number) {
                    self.memory.keep(session, ofTokenIn: self.head, for: route, until: until)
                }
                proceed(session)
            case .refused(let error): if self.isStill(number) { self.refuse(error) }
            case .fault(let fault): if self.isStill(number) { self.fail(fault) }
            }
        }
    }

    /// Says that the route would take a token, too (RFC 6750, 3).
    func offerBearer(in answer: inout Answer) {
        guard self.current.route?.bearer != nil else { return }
        answer.fields.append(("WWW-Authenticate", "Bearer realm=\"\(self.bearerRealm)\""))
    }

    private func refuse(_ error: AccessTokenError) {
        self.current.decision = .deny
        self.worker.metrics.count(Metrics.Decision.deny)
        var answer = Answer.bearerProblem(.unauthorized, "invalid_token", error.rawValue, host: self.bearerRealm)
        answer.fault = Fault(.downstream, .unauthorized, "a bearer token is not accepted", detail: error.rawValue)
        self.answer(answer)
    }

    /// For a token that is good but not of the kind of sign-in that the route asks for (RFC 9470, 3).
    func refuseStepUp(_ stepUp: StepUp) {
        var answer = Answer.bearerProblem(
            .unauthorized,
            "insufficient_user_authentication",
            "a more recent or stronger sign-in is needed",
            host: self.bearerRealm
        )
        let fault = Fault(.downstream, .unauthorized, "a bearer token's sign-in is too old or too weak")
        self.auditDenial(of: self.current.session, because: fault.reason)
        answer.fault = fault
        self.answer(answer)
    }

    var bearerRealm: String { self.current.access?.authority.text ?? "" }
}

extension Answer {
    /// What RFC 6750, 3 asks for, and the same as JSON.
    static func bearerProblem(
        _ status: HTTPResponseStatus,
        _ error: String,
        _ description: String,
        host: String
    ) -> Self {
        var answer = Answer.problem(
            status,
            description,
            members: [JSONMember(name: "error", value: .string(error))]
        )
        answer.fields.append(
            (
                "WWW-Authenticate",
                "Bearer realm=\"\(host)\", error=\"\(error)\", error_description=\"\(description)\""
            )
        )
        return answer
    }
}
