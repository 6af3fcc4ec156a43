import JSON
import NIOHTTP1

/// Everything Logto's own port serves: which path leads where, and the fields that every answer carries.
enum ProviderPort {
    /// Notes the request, answers it, or lets a fault have it.
    static func deliver(_ request: Request, _ state: inout StandInState) -> Delivery {
        let number = state.journal.add(request, at: state.now)
        state.keys.advance(to: state.now)
        let delivery: Delivery
        if let fault = state.takeFault(for: request) {
            delivery = fault.deliver { finished(answer(request, &state), request, state) }
        } else {
            delivery = Delivery(finished(answer(request, &state), request, state))
        }
        state.journal.answered(number, status: delivery.response?.status)
        return delivery
    }

    /// The answer by itself.
    static func answer(_ request: Request, _ state: inout StandInState) -> Response {
        do throws(OAuthError) {
            return try route(request, &state)
        } catch {
            return error.response(bare: request.query["parse_error"] == "false").notStored
        }
    }

    private static func route(_ request: Request, _ state: inout StandInState) throws(OAuthError) -> Response {
        let method = request.method == "HEAD" ? "GET" : request.method
        switch (method, request.path) {
        case ("GET", "/oidc/.well-known/openid-configuration"), ("GET", "/oidc/.well-known/oauth-authorization-server"):
            return Discovery.document(request, state)
        case ("GET", "/oidc/jwks"): return Discovery.keys(request, state)
        case ("GET", "/oidc/auth"), ("POST", "/oidc/auth"): return Authorization.start(request, &state)
        case ("POST", "/oidc/token"): return try TokenEndpoint.answer(request, &state)
        case ("GET", "/oidc/me"), ("POST", "/oidc/me"): return try UserInfo.answer(request, &state)
        case ("POST", "/oidc/token/introspection"): return try Introspection.answer(request, &state)
        case ("POST", "/oidc/token/revocation"): return try Revocation.answer(request, &state)
        case ("GET", "/oidc/session/end"), ("POST", "/oidc/session/end"): return try EndSession.start(request, &state)
        case ("POST", "/oidc/session/end/confirm"): return try EndSession.confirm(request, &state)
        case ("GET", "/oidc/session/end/success"): return EndSession.success()
        case ("GET", "/unknown-session"):
            let body = "<h1>Session not found</h1><p>Please go back and sign in again.</p>"
            return .html(Page.document("Session not found", body), status: 200)
        case ("GET", let path) where path.hasPrefix("/oidc/auth/"):
            return Authorization.resume(String(path.dropFirst("/oidc/auth/".count)), request, &state)
        case ("GET", let path) where Experience.owns(path), ("POST", let path) where Experience.owns(path):
            return Experience.answer(request, &state)
        default:
            let detail = "unrecognized route or not allowed method (\(request.method) on \(shortened(request.path)))"
            throw OAuthError("invalid_request", detail, status: 404)
        }
    }

    /// Logto names the path below `/oidc`.
    private static func shortened(_ path: String) -> String {
        path.hasPrefix("/oidc/") ? String(path.dropFirst(5)) : path
    }

    /// The fields of every answer (specification 1.5), and compression.
    private static func finished(_ response: Response, _ request: Request, _ state: StandInState) -> Response {
        var response = response
        let common = [
            ("Logto-Core-Request-Id", Identifier.client()), ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "SAMEORIGIN"), ("Referrer-Policy", "strict-origin-when-cross-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            ("Date", Clock.httpDate(state.now)),
        ]
        for (name, value) in common { response.headers.replaceOrAdd(name: name, value: value) }
        let acceptsGzip = request.header("accept-encoding")?.contains("gzip") == true
        if state.knobs.compresses, acceptsGzip, response.body.count > 1024, request.method != "HEAD" {
            response.body = Gzip.wrap(response.body)
            response.headers.add(name: "Content-Encoding", value: "gzip")
            response.headers.add(name: "Vary", value: "Accept-Encoding")
        }
        return response
    }
}
