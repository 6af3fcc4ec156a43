import Cryptography
import JSON

/// `/oidc/auth` and `/oidc/auth/<uid>` (specification 9.5).
enum Authorization {
    /// A new request from the browser.
    static func start(_ request: Request, _ state: inout StandInState) -> Response {
        var form = request.query
        if request.method == "POST" {
            for field in Form(encoded: request.body).fields { form.append(field.name, field.value) }
        }
        let repeated = form.duplicatedName(except: ["resource"])
        if let repeated { form.remove(repeated) }
        let bare = request.query["parse_error"] == "false"
        var asked: AuthorizationRequest
        do throws(OAuthError) {
            asked = try AuthorizationRequest(form, state)
        } catch {
            var told = error
            if let value = form["state"] { told.extra.append(JSONMember(name: "state", value: .string(value))) }
            told.extra.append(JSONMember(name: "iss", value: .string(state.issuer)))
            return told.response(bare: bare).notStored
        }
        do throws(OAuthError) {
            if let repeated { throw .repeated(repeated) }
            try asked.check(state)
        } catch {
            return AuthorizationResponse.refusal(error, to: asked.returnAddress, &state)
        }
        var cookies = Cookies(request, state)
        let response = proceed(asked, answered: [], request, &cookies, &state)
        return cookies.onto(response)
    }

    /// The browser comes back from a page.
    static func resume(_ uid: String, _ request: Request, _ state: inout StandInState) -> Response {
        var cookies = Cookies(request, state)
        let path = "/oidc/auth/\(uid)"
        guard let cookie = cookies["_interaction_resume"], sameBytes(cookie, uid) else {
            return OAuthError.sessionNotFound("authorization session not found").response().notStored
        }
        guard let interaction = state.interactions[uid], interaction.expiresAt > state.now else {
            cookies.remove("_interaction_resume", path: path)
            let error = OAuthError.sessionNotFound("authorization request has expired")
            return cookies.onto(error.response().notStored)
        }
        if interaction.prompt == .login, let userID = interaction.userID {
            if let response = switchUser(to: userID, from: uid, request, &cookies, &state) {
                return cookies.onto(response)
            }
            signIn(userID, &cookies, &state)
        }
        state.interactions[uid] = nil
        cookies.remove("_interaction_resume", path: path)
        let asked = interaction.request
        let response =
            if let refusal = interaction.refusal {
                AuthorizationResponse.refusal(refusal, to: asked.returnAddress, &state)
            } else {
                proceed(asked, answered: interaction.answered, request, &cookies, &state)
            }
        return cookies.onto(response)
    }

    /// Steps 10 to 13: a page, an error, or a code.
    private static func proceed(
        _ asked: AuthorizationRequest,
        answered: Set<Prompt>,
        _ request: Request,
        _ cookies: inout Cookies,
        _ state: inout StandInState
    ) -> Response {
        do throws(OAuthError) {
            let session = currentSession(&cookies, &state)
            if let reason = reasonToSignIn(asked, answered, session, state) {
                if asked.isSilent { throw OAuthError("login_required", reason) }
                return interact(.login, asked, answered, &cookies, &state)
            }
            guard var session, let userID = session.userID, state.activeUser(userID) != nil else {
                throw .invalidGrant
            }
            let grant = state.grants[session.authorizations[asked.clientID]?.grantID]
            let missing = asked.scopes.filter { !(grant?.scopes.contains($0) ?? false) }
            let mustAsk = asked.prompts.contains(.consent) && !answered.contains(.consent)
            guard let grant, missing.isEmpty, grant.expiresAt > state.now, !mustAsk else {
                if asked.isSilent { throw OAuthError("consent_required", "requested scopes not granted") }
                return interact(.consent, asked, answered, &cookies, &state)
            }
            let code = issueCode(asked, &session, userID, grant, &state)
            state.sessions[session.id] = session
            return AuthorizationResponse.code(code, to: asked.returnAddress, &state)
        } catch {
            return AuthorizationResponse.refusal(error, to: asked.returnAddress, &state)
        }
    }

    private static func reasonToSignIn(
        _ asked: AuthorizationRequest,
        _ answered: Set<Prompt>,
        _ session: Session?,
        _ state: StandInState
    ) -> String? {
        guard let session, let userID = session.userID else { return "End-User authentication is required" }
        if let hinted = asked.hintedSubject, !sameBytes(hinted, userID) {
            return "id_token_hint and authenticated subject do not match"
        }
        if answered.contains(.login) { return nil }
        if asked.prompts.contains(.login) { return "End-User authentication is required" }
        if let age = asked.maximumAge, age == 0 || state.now - session.signedInAt > age {
            return "End-User authentication could not be obtained"
        }
        return nil
    }

    /// The browser's session, its end moved on.
    private static func currentSession(_ cookies: inout Cookies, _ state: inout StandInState) -> Session? {
        guard var session = state.sessions[cookies["_session"]], session.expiresAt > state.now else { return nil }
        session.expiresAt = state.now + state.knobs.sessionTTL
        state.sessions[session.id] = session
        cookies.set("_session", session.id, expiresAt: session.expiresAt)
        return session
    }

    /// Sends the browser to a page.
    private static func interact(
        _ prompt: Prompt,
        _ asked: AuthorizationRequest,
        _ answered: Set<Prompt>,
        _ cookies: inout Cookies,
        _ state: inout StandInState
    ) -> Response {
        state.forgetExpired()
        let interaction = Interaction(
            uid: Identifier.token(),
            request: asked,
            prompt: prompt,
            answered: answered,
            expiresAt: state.now + state.knobs.interactionTTL
        )
        state.interactions[interaction.uid] = interaction
        cookies.add(interaction)
        var known = [JSONMember(name: "appId", value: .string(asked.clientID))]
        for (name, parameter) in [("organizationId", "organization_id"), ("uiLocales", "ui_locales")] {
            if let value = asked.parameters[parameter] { known.append(JSONMember(name: name, value: .string(value))) }
        }
        cookies.setExtras(known)
        switch prompt {
        case .login:
            return .redirect(to: FirstScreen.location(asked.parameters, clientID: asked.clientID)).notStored
        case .consent:
            return .redirect(to: "/consent?app_id=" + Form.encode(asked.clientID)).notStored
        }
    }

    /// Puts a user into the browser's session; the cookie is new, so that nobody can have planted it.
    private static func signIn(_ userID: String, _ cookies: inout Cookies, _ state: inout StandInState) {
        let now = state.now
        var session =
            state.sessions[cookies["_session"]]
            ?? Session(
                id: "",
                uid: Identifier.token(),
                userID: userID,
                createdAt: now,
                expiresAt: now,
                signedInAt: now
            )
        state.sessions[session.id] = nil
        session.id = Identifier.token()
        session.userID = userID
        session.signedInAt = now
        session.expiresAt = now + state.knobs.sessionTTL
        state.sessions[session.id] = session
        cookies.set("_session", session.id, expiresAt: session.expiresAt)
        state.record("signed_in", ["user": .string(userID), "session": .string(session.uid)])
    }

    /// Another user is signed in: their session ends first, then the browser comes back here (specification 4.4).
    private static func switchUser(
        to userID: String,
        from uid: String,
        _ request: Request,
        _ cookies: inout Cookies,
        _ state: inout StandInState
    ) -> Response? {
        guard var session = state.sessions[cookies["_session"]], let present = session.userID,
            !sameBytes(present, userID)
        else { return nil }
        let base = state.base(of: request)
        let secret = Identifier.token()
        session.logout = Session.Logout(secret: secret, postLogoutRedirectURI: "\(base)/oidc/auth/\(uid)")
        state.sessions[session.id] = session
        var fields = Form()
        fields.append("xsrf", secret)
        fields.append("logout", "yes")
        return .html(Page.submitting(fields, to: "\(base)/oidc/session/end/confirm")).notStored
    }

    private static func issueCode(
        _ asked: AuthorizationRequest,
        _ session: inout Session,
        _ userID: String,
        _ grant: Grant,
        _ state: inout StandInState
    ) -> String {
        let isOffline = asked.scopes.contains("offline_access")
        var authorization =
            session.authorizations[asked.clientID] ?? Session.Authorization(sid: Identifier.token())
        authorization.grantID = grant.id
        authorization.persistsLogout = authorization.persistsLogout || isOffline
        session.authorizations[asked.clientID] = authorization
        let tellsTime = asked.maximumAge != nil || asked.prompts.contains(.login)
        let wantsSessionID = state.clients[asked.clientID]?.wantsSessionID ?? false
        let code = AuthorizationCode(
            value: Identifier.token(),
            authority: Authority(
                userID: userID,
                clientID: asked.clientID,
                grantID: grant.id,
                scopes: asked.scopes,
                sessionUID: session.uid,
                sid: wantsSessionID ? authorization.sid : nil,
                nonce: asked.parameters["nonce"],
                authTime: tellsTime ? session.signedInAt : nil,
                isSessionBound: !isOffline,
                resources: asked.resources,
                permissions: (asked.parameters["scope"] ?? "").split(separator: " ").map(String.init)
                    .filter { !Scope.supported.contains($0) }
            ),
            redirectURI: asked.returnAddress.redirectURI,
            codeChallenge: asked.codeChallenge,
            expiresAt: state.now + state.knobs.codeTTL
        )
        state.codes[code.value] = code
        state.record("code_issued", ["user": .string(userID), "client": .string(asked.clientID)])
        return code.value
    }
}
