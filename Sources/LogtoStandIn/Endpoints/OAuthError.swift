import JSON

/// A refusal by the OP, and its body as Logto writes it (specification 1.8 and 9.2).
struct OAuthError: Error, Sendable {
    let error: String
    let detail: String?
    let status: Int
    /// More members of the body, such as `scope`.
    var extra: [JSONMember] = []
    var wwwAuthenticate: String?

    init(_ error: String, _ detail: String?, status: Int = 400, extra: [JSONMember] = []) {
        self.error = error
        self.detail = detail
        self.status = status
        self.extra = extra
    }

    static func invalidRequest(_ detail: String) -> OAuthError { OAuthError("invalid_request", detail) }
    /// The reason is never told.
    static let invalidGrant = OAuthError("invalid_grant", "grant request is invalid")
    static let serverError = OAuthError("server_error", "oops! something went wrong", status: 500)

    static func missing(_ name: String) -> OAuthError { invalidRequest("missing required parameter '\(name)'") }
    static func repeated(_ name: String) -> OAuthError {
        invalidRequest("'\(name)' parameter must not be provided twice")
    }

    static func sessionNotFound(_ detail: String) -> OAuthError { invalidRequest(detail) }

    /// The body. `bare` is `?parse_error=false`: only what OAuth 2.0 defines.
    func body(bare: Bool) -> JSON {
        var members: [JSONMember] = []
        if !bare {
            members.append(
                JSONMember(name: "code", value: .string(isLostSession ? "session.not_found" : "oidc.\(error)"))
            )
            members.append(JSONMember(name: "message", value: .string(message)))
            if error == "invalid_grant" {
                members.append(JSONMember(name: "error_uri", value: "https://openid.sh/debug/invalid_grant"))
            }
        }
        members.append(JSONMember(name: "error", value: .string(error)))
        if let detail { members.append(JSONMember(name: "error_description", value: .string(detail))) }
        return .object(members + extra)
    }

    /// The answer for a client that is told directly.
    func response(bare: Bool = false) -> Response {
        let response = Response.json(body(bare: bare), status: status)
        return wwwAuthenticate.map { response.with("WWW-Authenticate", $0) } ?? response
    }

    private var isLostSession: Bool {
        guard error == "invalid_request", let detail else { return false }
        return detail.contains("session not found") || detail.contains("authorization request has expired")
    }

    /// Logto's English phrases.
    private var message: String {
        if isLostSession { return "Session not found. Please go back and sign in again." }
        return switch error {
        case "invalid_grant": "Grant request is invalid."
        case "invalid_request": "Request is invalid."
        case "invalid_token": "Invalid token provided."
        case "access_denied": "Access denied."
        case "invalid_target": "Invalid resource indicator."
        case "unsupported_grant_type": "Unsupported `grant_type` requested."
        case "unsupported_response_type": "Unsupported `response_type` requested."
        case "invalid_redirect_uri":
            "`redirect_uri` did not match any of the client's registered `redirect_uris`."
        default: "An OIDC error occurred: oidc.\(error)."
        }
    }
}
