import JSON

/// The pages on which users sign in and consent (specification 9.6).
enum Experience {
    /// Whether a path is one of them.
    static func owns(_ path: String) -> Bool {
        path == "/consent" || path == "/one-time-token" || path.hasPrefix("/direct/")
            || FirstScreen.allCases.contains { path == "/" + $0.rawValue }
    }

    static func answer(_ request: Request, _ state: inout StandInState) -> Response {
        let cookies = Cookies(request, state)
        let form = Form(encoded: request.body)
        let query = request.query
        let uid = form["uid"] ?? cookies.interaction(of: query["app_id"])
        guard let interaction = state.interactions[uid], interaction.expiresAt > state.now else {
            return withoutInteraction(request, state)
        }
        let response =
            switch (request.path, request.method) {
            case ("/consent", "POST"): decide(form, interaction, request, &state)
            case ("/consent", _): consent(interaction, request, &state)
            case (_, "POST"): signIn(form, interaction, request, &state)
            default: show(interaction, request, &state)
            }
        return response.notStored
    }

    // MARK: - Sign in

    private static func show(_ interaction: Interaction, _ request: Request, _ state: inout StandInState) -> Response {
        if let name = state.knobs.automaticUser {
            guard let user = state.user(named: name) else {
                return failure("user.user_not_exist", request, status: 404)
            }
            return complete(interaction, user, request, &state)
        }
        let parts = request.path.split(separator: "/").map(String.init)
        if parts.first == "direct" {
            guard parts.count == 3, parts[1] == "sso" || Connector(rawValue: parts[2]) != nil else {
                // A target that cannot start lands on the sign-in page; the application sees nothing of it.
                return .redirect(to: "/sign-in?app_id=" + Form.encode(interaction.request.clientID), status: 302)
            }
        }
        return .html(SignInPage(request: request, interaction: interaction, state: state).html)
    }

    private static func signIn(
        _ form: Form,
        _ interaction: Interaction,
        _ request: Request,
        _ state: inout StandInState
    ) -> Response {
        if form["refuse"] != nil {
            return refuse("End-User aborted interaction", interaction, request, &state)
        }
        if let target = form["connector"] {
            guard let connector = Connector(rawValue: target) else {
                return failure("session.connector_not_found", request, status: 404)
            }
            return complete(interaction, state.user(of: connector), request, &state)
        }
        if let phone = form["phone"] {
            let digits = phone.filter { ("0"..."9").contains($0) }
            guard digits.utf8.count >= 6, let code = form["code"], code.utf8.count == 6 else {
                return failure("verification_code.code_mismatch", request, status: 400)
            }
            return complete(interaction, state.userFound(orMadeFrom: digits), request, &state)
        }
        guard let name = form["user"] else { return failure("guard.invalid_input", request, status: 400) }
        return complete(interaction, state.userFound(orMadeFrom: name), request, &state)
    }

    /// Somebody has signed in: back to the OP's own endpoint.
    private static func complete(
        _ interaction: Interaction,
        _ user: User,
        _ request: Request,
        _ state: inout StandInState
    ) -> Response {
        if user.isSuspended { return failure("user.suspended", request, status: 401) }
        var interaction = interaction
        interaction.userID = user.id
        interaction.answered.insert(.login)
        return leave(interaction, request, status: 303, &state)
    }

    // MARK: - Consent

    /// First-party applications never see a page.
    private static func consent(
        _ interaction: Interaction,
        _ request: Request,
        _ state: inout StandInState
    ) -> Response {
        guard interaction.prompt == .consent else {
            let asked = interaction.request
            return .redirect(to: FirstScreen.location(asked.parameters, clientID: asked.clientID), status: 302)
        }
        guard state.clients[interaction.request.clientID]?.isThirdParty == true else {
            return allow(interaction, request, status: 302, &state)
        }
        return .html(SignInPage(request: request, interaction: interaction, state: state).consentHTML)
    }

    private static func decide(
        _ form: Form,
        _ interaction: Interaction,
        _ request: Request,
        _ state: inout StandInState
    ) -> Response {
        if form["refuse"] != nil { return refuse("End-User denied consent", interaction, request, &state) }
        return allow(interaction, request, status: 303, &state)
    }

    private static func allow(
        _ interaction: Interaction,
        _ request: Request,
        status: Int,
        _ state: inout StandInState
    ) -> Response {
        guard var session = state.sessions[Cookies(request, state)["_session"]], let userID = session.userID else {
            return OAuthError.sessionNotFound("authorization session not found").response()
        }
        let clientID = interaction.request.clientID
        var authorization = session.authorizations[clientID] ?? Session.Authorization(sid: Identifier.token())
        var grant =
            state.grants[authorization.grantID]
            ?? Grant(
                id: Identifier.token(),
                userID: userID,
                clientID: clientID,
                scopes: [],
                expiresAt: state.now + state.knobs.grantTTL
            )
        grant.scopes += interaction.request.scopes.filter { !grant.scopes.contains($0) }
        state.grants[grant.id] = grant
        authorization.grantID = grant.id
        session.authorizations[clientID] = authorization
        state.sessions[session.id] = session
        var interaction = interaction
        interaction.answered.insert(.consent)
        return leave(interaction, request, status: status, &state)
    }

    // MARK: - Ways out

    private static func refuse(
        _ reason: String,
        _ interaction: Interaction,
        _ request: Request,
        _ state: inout StandInState
    ) -> Response {
        var interaction = interaction
        interaction.refusal = OAuthError("access_denied", reason)
        return leave(interaction, request, status: 303, &state)
    }

    private static func leave(
        _ interaction: Interaction,
        _ request: Request,
        status: Int,
        _ state: inout StandInState
    ) -> Response {
        state.interactions[interaction.uid] = interaction
        return .redirect(to: state.base(of: request) + "/oidc/auth/" + interaction.uid, status: status)
    }

    /// A bookmark, the back button, or a sign-in that took too long.
    private static func withoutInteraction(_ request: Request, _ state: StandInState) -> Response {
        let isGuarded = !request.path.hasPrefix("/direct/") && !request.path.hasPrefix("/identifier-")
        if request.method == "GET", isGuarded {
            return .redirect(
                to: state.knobs.unknownSessionRedirectURL ?? state.endpoint + "/unknown-session",
                status: 302
            )
        }
        return failure("session.not_found", request, status: 400)
    }

    private static func failure(_ code: String, _ request: Request, status: Int) -> Response {
        guard request.header("accept")?.contains("text/html") == true else {
            return .json(["code": .string(code)], status: status)
        }
        let body = "<h1>This did not work</h1><p><code>\(Page.escape(code))</code></p>"
        return .html(Page.document("Sign in", body), status: status)
    }
}

/// A social connector that works in a browser (specification 2.6).
enum Connector: String, Sendable, CaseIterable {
    case wechat, alipay, x

    var title: String {
        switch self {
        case .wechat: "WeChat"
        case .alipay: "Alipay"
        case .x: "X"
        }
    }

    /// What its users are called here. None of the three delivers an e-mail address.
    fileprivate var userName: String {
        switch self {
        case .wechat: "微信用户"
        case .alipay: "支付宝用户"
        case .x: "X user"
        }
    }
}

extension StandInState {
    /// The user this connector knows, registered on the first visit.
    fileprivate mutating func user(of connector: Connector) -> User {
        if let user = users.all.first(where: { $0.identities[connector.rawValue] != nil }) { return user }
        var user = newUser()
        user.name = connector.userName
        let identity: JSON = ["userId": .string(Identifier.token()), "details": [:]]
        user.identities = .object([JSONMember(name: connector.rawValue, value: identity)])
        users[user.id] = user
        return user
    }

    /// The user of this name, or a new one: an e-mail address, a phone number or a username, by its looks.
    fileprivate mutating func userFound(orMadeFrom text: String) -> User {
        if let user = user(named: text) { return user }
        var user = newUser()
        if text.utf8.contains(UInt8(ascii: "@")) {
            user.email = text
        } else if text.utf8.count >= 6, text.utf8.allSatisfy({ (48...57).contains($0) }) {
            user.phone = text
        } else {
            user.username = text
        }
        users[user.id] = user
        return user
    }

    private func newUser() -> User {
        User(id: Identifier.user(), createdAt: now * 1000, updatedAt: now * 1000)
    }
}
