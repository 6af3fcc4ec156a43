import JSON
import NIOHTTP1

/// `POST /oidc/token/introspection` (specification 4.2): any client may ask about any opaque token.
enum Introspection {
    static func answer(_ request: Request, _ state: inout StandInState) throws(OAuthError) -> Response {
        let form = try TokenEndpoint.body(of: request)
        _ = try ClientAuthentication.client(request, form, state)
        let value = try OpaqueToken.value(in: form, endpoint: "introspection")
        let now = state.now
        if let token = state.accessTokens[value], token.expiresAt > now {
            return active(token.authority, issuedAt: token.issuedAt, expiresAt: token.expiresAt, type: "Bearer", state)
        }
        if let token = state.refreshTokens[value], token.expiresAt > now, token.consumedAt == nil {
            return active(token.authority, issuedAt: token.issuedAt, expiresAt: token.expiresAt, type: nil, state)
        }
        return Response.json(["active": false]).notStored
    }

    private static func active(
        _ authority: Authority,
        issuedAt: Int64,
        expiresAt: Int64,
        type: String?,
        _ state: StandInState
    ) -> Response {
        var members: [JSONMember] = []
        func add(_ name: String, _ value: JSON?) {
            if let value { members.append(JSONMember(name: name, value: value)) }
        }
        add("active", true)
        add("sub", .string(authority.userID))
        add("client_id", .string(authority.clientID))
        add("exp", JSON(expiresAt))
        add("iat", JSON(issuedAt))
        add("sid", authority.sid.map(JSON.string))
        add("iss", .string(state.issuer))
        add("scope", .string(authority.scopes.joined(separator: " ")))
        add("token_type", type.map(JSON.string))
        return Response.json(.object(members)).notStored
    }
}

/// `POST /oidc/token/revocation` (specification 4.3): with a token goes its whole grant.
enum Revocation {
    static func answer(_ request: Request, _ state: inout StandInState) throws(OAuthError) -> Response {
        let form = try TokenEndpoint.body(of: request)
        let client = try ClientAuthentication.client(request, form, state)
        let value = try OpaqueToken.value(in: form, endpoint: "revocation")
        let authority = state.accessTokens[value]?.authority ?? state.refreshTokens[value]?.authority
        if let authority {
            guard sameBytes(authority.clientID, client.id) else {
                throw .invalidRequest("client is not authorized to revoke the presented token")
            }
            state.revoke(grant: authority.grantID, because: "revocation")
        }
        return Response(status: 200, headers: ["Content-Type": "text/plain; charset=utf-8"]).notStored
    }
}

/// The `token` parameter of both.
enum OpaqueToken {
    static func value(in form: Form, endpoint: String) throws(OAuthError) -> String {
        guard let value = form["token"] else { throw .missing("token") }
        if value.split(separator: ".", omittingEmptySubsequences: false).count == 3 {
            let verb = endpoint == "revocation" ? "revoked" : "introspected"
            throw OAuthError(
                "unsupported_token_type",
                "Structured JWT Tokens cannot be \(verb) via the \(endpoint)_endpoint"
            )
        }
        return value
    }
}
