import JSON

/// `POST /oidc/token` (specification 9.7).
enum TokenEndpoint {
    static func answer(_ request: Request, _ state: inout StandInState) throws(OAuthError) -> Response {
        let form = try body(of: request)
        if let name = form.duplicatedName(except: ["resource"]) { throw .repeated(name) }
        let client = try ClientAuthentication.client(request, form, state)
        guard let grantType = form["grant_type"] else { throw .missing("grant_type") }
        let known = [
            "authorization_code", "refresh_token", "client_credentials", "implicit",
            "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
        ]
        guard known.contains(grantType) else {
            throw OAuthError("unsupported_grant_type", "unsupported grant_type requested")
        }
        let answer: [JSONMember]
        switch (grantType, client.kind) {
        case ("authorization_code", .traditional), ("authorization_code", .spa), ("authorization_code", .native):
            answer = try CodeGrant.answer(form, client, &state)
        case ("refresh_token", .traditional), ("refresh_token", .spa), ("refresh_token", .native):
            answer = try RefreshGrant.answer(form, client, &state)
        case ("client_credentials", .m2m):
            answer = try ResourceToken.machine(form, client, state)
        case ("urn:ietf:params:oauth:grant-type:token-exchange", _):
            answer = try ResourceToken.exchange(form, client, state)
        default:
            throw .invalidRequest("requested grant type is not allowed for this client")
        }
        return .json(.object(answer)).notStored
    }

    /// A form, or the JSON object that Logto's own middleware also reads.
    static func body(of request: Request) throws(OAuthError) -> Form {
        guard request.body.count <= 56 * 1024, !request.body.contains(0) else {
            throw .invalidRequest("failed to parse the request body")
        }
        guard request.mediaType == "application/json" else { return Form(encoded: request.body) }
        guard let members = (try? JSON.parse(request.body))?.objectValue else {
            throw .invalidRequest("failed to parse the request body")
        }
        var form = Form()
        for member in members { form.append(member.name, ifPresent: member.value.stringValue) }
        return form
    }
}

/// The tokens of one answer.
enum TokenAnswer {
    /// An opaque access token, the refresh token as given, and an ID token where `openid` is in scope.
    static func make(
        grantType: String,
        user: User,
        _ authority: Authority,
        scopes: [String],
        refreshToken: String?,
        _ state: inout StandInState
    ) throws(OAuthError) -> [JSONMember] {
        let mutation = state.takeMutation(grantType: grantType)
        let now = state.now
        var narrowed = authority
        narrowed.scopes = scopes
        let accessToken = AccessToken(
            value: Identifier.token(),
            authority: narrowed,
            issuedAt: now,
            expiresAt: now + state.knobs.accessTokenTTL
        )
        state.accessTokens[accessToken.value] = accessToken
        var answer: [JSONMember] = [
            JSONMember(name: "access_token", value: .string(accessToken.value)),
            JSONMember(name: "expires_in", value: JSON(state.knobs.accessTokenTTL)),
        ]
        if scopes.contains("openid") {
            let idToken = try TokenWriter.idToken(
                for: user,
                authority,
                scopes: scopes,
                accessToken: accessToken.value,
                state,
                mutation: mutation
            )
            answer.append(JSONMember(name: "id_token", value: .string(idToken)))
        }
        if let refreshToken { answer.append(JSONMember(name: "refresh_token", value: .string(refreshToken))) }
        answer.append(JSONMember(name: "scope", value: .string(scopes.joined(separator: " "))))
        answer.append(JSONMember(name: "token_type", value: "Bearer"))
        return TokenMutation.apply(mutation?.response ?? [], to: answer)
    }
}

/// The authorization code grant.
enum CodeGrant {
    static func answer(
        _ form: Form,
        _ client: Client,
        _ state: inout StandInState
    ) throws(OAuthError) -> [JSONMember] {
        guard let value = form["code"] else { throw .missing("code") }
        guard let redirectURI = form["redirect_uri"] else { throw .missing("redirect_uri") }
        guard var code = state.codes[value], code.authority.clientID == client.id, code.expiresAt > state.now else {
            throw refused("unknown or expired code", &state)
        }
        try checkProofKey(form, code, &state)
        guard sameBytes(code.redirectURI, redirectURI) else { throw refused("redirect_uri differs", &state) }
        if code.isConsumed {
            state.revoke(grant: code.authority.grantID, because: "code used twice")
            throw refused("code used twice", &state)
        }
        code.isConsumed = true
        state.codes[value] = code
        guard state.grants[code.authority.grantID] != nil, state.isAlive(code.authority) else {
            throw refused("grant or session is gone", &state)
        }
        guard let user = state.activeUser(code.authority.userID) else {
            throw refused("user is gone or suspended", &state)
        }
        let refreshToken = issueRefreshToken(code.authority, client, &state)
        let answer = try TokenAnswer.make(
            grantType: "authorization_code",
            user: user,
            code.authority,
            scopes: code.authority.scopes,
            refreshToken: refreshToken,
            &state
        )
        state.record(
            "code_exchanged",
            [
                "user": .string(user.id), "client": .string(client.id), "refresh_token": .bool(refreshToken != nil),
                "grant": .string(code.authority.grantID),
            ]
        )
        return answer
    }

    private static func checkProofKey(
        _ form: Form,
        _ code: AuthorizationCode,
        _ state: inout StandInState
    ) throws(OAuthError) {
        let verifier = form["code_verifier"]
        if let verifier, let problem = ProofKey.problem(verifier, named: "code_verifier") {
            throw .invalidRequest(problem)
        }
        switch (verifier, code.codeChallenge) {
        case (nil, nil): return
        case (let verifier?, let challenge?) where ProofKey.matches(verifier, challenge): return
        default: throw refused("code_verifier does not fit", &state)
        }
    }

    /// With `offline_access`, or for applications that always get one; the latter dies with the session.
    private static func issueRefreshToken(
        _ authority: Authority,
        _ client: Client,
        _ state: inout StandInState
    ) -> String? {
        guard authority.scopes.contains("offline_access") || client.alwaysIssueRefreshToken else { return nil }
        let now = state.now
        let token = RefreshToken(
            value: Identifier.token(),
            authority: authority,
            chainStartedAt: now,
            issuedAt: now,
            expiresAt: now + state.refreshTokenTTL(of: client)
        )
        state.refreshTokens[token.value] = token
        return token.value
    }

    /// Tells the test why; the client never learns it.
    private static func refused(_ reason: String, _ state: inout StandInState) -> OAuthError {
        state.record("code_refused", ["reason": .string(reason)])
        return .invalidGrant
    }
}

extension StandInState {
    /// Seconds a new refresh token of this client lives.
    func refreshTokenTTL(of client: Client) -> Int64 {
        knobs.refreshTokenTTL ?? client.refreshTokenTTLDays * 86_400
    }
}
