import JSON

/// RP-initiated logout: `/oidc/session/end`, `/confirm`, `/success` (specification 4.4, 9.10).
enum EndSession {
    /// Checks the request and shows a page that confirms by itself.
    static func start(_ request: Request, _ state: inout StandInState) throws(OAuthError) -> Response {
        let form = request.method == "POST" ? Form(encoded: request.body) : request.query
        if let name = form.duplicatedName() { throw .repeated(name) }
        let client = try client(form, state)
        var redirectURI = form["post_logout_redirect_uri"]
        if let client, let uri = redirectURI {
            guard client.postLogoutRedirectURIs.allow(uri) else {
                throw .invalidRequest("post_logout_redirect_uri not registered")
            }
        } else {
            redirectURI = nil  // Without a client there is nothing to compare it with; it is silently forgotten.
        }
        var cookies = Cookies(request, state)
        let now = state.now
        var session =
            liveSession(cookies, state)
            ?? Session(
                id: Identifier.token(),
                uid: Identifier.token(),
                createdAt: now,
                expiresAt: now + state.knobs.sessionTTL,
                signedInAt: now
            )
        let secret = Identifier.token()
        session.logout = Session.Logout(
            secret: secret,
            clientID: client?.id,
            postLogoutRedirectURI: redirectURI,
            state: form["state"]
        )
        state.sessions[session.id] = session
        cookies.set("_session", session.id, expiresAt: session.expiresAt)
        let action = state.base(of: request) + "/oidc/session/end/confirm"
        var fields = Form()
        fields.append("xsrf", secret)
        if session.userID != nil { return cookies.onto(.html(Page.logout(xsrf: secret, action: action)).notStored) }
        fields.append("logout", "yes")
        return cookies.onto(.html(Page.submitting(fields, to: action)).notStored)
    }

    /// Ends the session for every client, or without `logout` only for the one that asked.
    static func confirm(_ request: Request, _ state: inout StandInState) throws(OAuthError) -> Response {
        let form = Form(encoded: request.body)
        var cookies = Cookies(request, state)
        guard var session = liveSession(cookies, state), let logout = session.logout else {
            throw .invalidRequest("could not find logout details")
        }
        guard let xsrf = form["xsrf"], sameBytes(xsrf, logout.secret) else {
            throw .invalidRequest("xsrf token invalid")
        }
        let isGlobal = form["logout"] != nil
        var forwarded = Form()
        if isGlobal {
            endForEveryClient(session, &state)
            state.sessions[session.id] = nil
            cookies.remove("_session")
        } else {
            session.logout = nil
            if let clientID = logout.clientID {
                leave(clientID, &session, &state)
                if logout.postLogoutRedirectURI == nil { forwarded.append("client_id", clientID) }
            }
            state.sessions[session.id] = nil
            session.id = Identifier.token()
            state.sessions[session.id] = session
            cookies.set("_session", session.id, expiresAt: session.expiresAt)
        }
        let target: String
        if let uri = logout.postLogoutRedirectURI, let address = WebAddress(uri) {
            forwarded.append("state", ifPresent: logout.state)
            target = address.adding(forwarded)
        } else {
            let success = state.base(of: request) + "/oidc/session/end/success"
            target = forwarded.fields.isEmpty ? success : success + "?" + forwarded.encoded
        }
        return cookies.onto(.redirect(to: target).notStored)
    }

    static func success() -> Response {
        .html(Page.document("Sign out", "<h1>Signed out</h1><p>You have successfully signed out.</p>")).notStored
    }

    private static func liveSession(_ cookies: Cookies, _ state: StandInState) -> Session? {
        guard let session = state.sessions[cookies["_session"]], session.expiresAt > state.now else { return nil }
        return session
    }

    /// The client from `client_id` or the hint's audience; nil when neither was sent.
    private static func client(_ form: Form, _ state: StandInState) throws(OAuthError) -> Client? {
        var id = form["client_id"]
        var hint: IssuedToken?
        if let text = form["id_token_hint"] {
            guard let token = IssuedToken(text) else { throw .invalidRequest("could not decode id_token_hint") }
            if let id, token.audience.map({ !sameBytes($0, id) }) ?? true {
                throw .invalidRequest("client_id does not match the provided id_token_hint")
            }
            id = token.audience
            hint = token
        }
        guard let id else { return nil }
        guard let client = state.clients[id] else { throw OAuthError("invalid_client", "client is invalid") }
        if let hint, !hint.isSigned(by: state.keys) { throw .invalidRequest("unable to validate id_token_hint") }
        return client
    }

    private static func endForEveryClient(_ session: Session, _ state: inout StandInState) {
        for (clientID, authorization) in session.authorizations {
            if let userID = session.userID { notify(clientID, userID, authorization, &state) }
            if let grantID = authorization.grantID, !authorization.persistsLogout {
                state.revoke(grant: grantID, because: "logout")
            }
        }
        if let userID = session.userID {
            state.record("session_ended", ["user": .string(userID), "session": .string(session.uid)])
        }
    }

    private static func leave(_ clientID: String, _ session: inout Session, _ state: inout StandInState) {
        guard let authorization = session.authorizations[clientID] else { return }
        if let grantID = authorization.grantID, !authorization.persistsLogout {
            state.revoke(grant: grantID, because: "logout")
        }
        session.authorizations[clientID] = nil
        state.record("client_left_session", ["client": .string(clientID), "session": .string(session.uid)])
    }

    /// Back-channel logout (specification 4.5): a form with the token, 2.5 s, once.
    private static func notify(
        _ clientID: String,
        _ userID: String,
        _ authorization: Session.Authorization,
        _ state: inout StandInState
    ) {
        guard let client = state.clients[clientID], let uri = client.backchannelLogoutURI else { return }
        let sid = client.wantsSessionID ? authorization.sid : nil
        guard let token = try? TokenWriter.logoutToken(userID: userID, clientID: clientID, sid: sid, state) else {
            return
        }
        var form = Form()
        form.append("logout_token", token)
        state.parcels.append(
            Parcel(
                url: uri,
                headers: [("Content-Type", "application/x-www-form-urlencoded"), ("User-Agent", "")],
                body: Array(form.encoded.utf8),
                patience: 2500,
                event: "backchannel_logout",
                details: [
                    JSONMember(name: "client", value: .string(clientID)),
                    JSONMember(name: "uri", value: .string(uri)),
                    JSONMember(name: "logout_token", value: .string(token)),
                ]
            )
        )
    }
}
