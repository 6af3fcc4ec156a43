import JSON

/// `GET|POST /oidc/me` (specification 4.1).
enum UserInfo {
    static func answer(_ request: Request, _ state: inout StandInState) throws(OAuthError) -> Response {
        let value = try token(of: request, state)
        guard let token = state.accessTokens[value], token.expiresAt > state.now, state.isAlive(token.authority) else {
            throw refusal("invalid_token", "invalid token provided", status: 401, state)
        }
        if let client = state.clients[token.authority.clientID] {
            try ClientAuthentication.checkOrigin(request, client, state)
        }
        guard token.authority.scopes.contains("openid") else {
            throw refusal("insufficient_scope", "access token missing openid scope", status: 403, state)
        }
        guard let user = state.activeUser(token.authority.userID) else {
            throw refusal("invalid_grant", "grant request is invalid", status: 400, state)
        }
        var claims = user.claims(for: token.authority.scopes, extended: .all)
        if let changes = state.takeUserInfoMutation() { claims = TokenMutation.apply(changes, to: claims) }
        return Response.json(.object(claims)).notStored
    }

    /// From the header or, in a POST, from the form.
    private static func token(of request: Request, _ state: StandInState) throws(OAuthError) -> String {
        let inBody = request.method == "POST" ? Form(encoded: request.body)["access_token"] : nil
        guard let field = request.header("authorization") else {
            if let inBody { return inBody }
            var error = OAuthError("invalid_token", "no access token provided", status: 401)
            error.wwwAuthenticate = "Bearer realm=\"\(state.issuer)\""
            throw error
        }
        if inBody != nil {
            throw .invalidRequest("access token must only be provided using one mechanism")
        }
        let parts = field.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw .invalidRequest("invalid authorization header value format")
        }
        return String(parts[1])
    }

    private static func refusal(
        _ error: String,
        _ detail: String,
        status: Int,
        _ state: StandInState
    ) -> OAuthError {
        var refusal = OAuthError(error, detail, status: status)
        refusal.wwwAuthenticate =
            "Bearer realm=\"\(state.issuer)\", error=\"\(error)\", error_description=\"\(detail)\""
        return refusal
    }
}
