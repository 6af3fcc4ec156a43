/// The page a person sees: pick a user or type one, a social connector, a code by phone; and what the application sent.
struct SignInPage {
    let request: Request
    let interaction: Interaction
    let state: StandInState

    /// The sign-in page in all its variants.
    var html: String {
        Page.document(
            heading,
            language: language,
            """
            <h1>\(heading)</h1>
            <p class="soft">to <b>\(clientName)</b>. This is a stand-in for Logto: it asks for no password.</p>
            \(choices)
            <form method="post" action="\(action)">\(uid)
            <button name="refuse" value="yes">Refuse
            <small>the application gets <code>access_denied</code></small></button>
            </form>
            \(parameters)
            """
        )
    }

    /// What a third-party application's users see.
    var consentHTML: String {
        Page.document(
            "Consent",
            language: language,
            """
            <h1>Allow \(clientName)?</h1>
            <p class="soft">It asks for: \(Page.escape(interaction.request.scopes.joined(separator: ", ")))</p>
            <form method="post" action="/consent">\(uid)
            <button class="main">Allow</button><button name="refuse" value="yes">Refuse</button>
            </form>
            \(parameters)
            """
        )
    }

    private var asked: Form { interaction.request.parameters }
    private var query: Form { request.query }
    private var path: [String] { request.path.split(separator: "/").map(String.init) }
    private var screen: FirstScreen? { FirstScreen(rawValue: path.first ?? "") }
    private var uid: String { Page.hidden("uid", interaction.uid) }
    private var action: String { Page.escape(request.path) }

    private var language: String {
        String((query["ui_locales"] ?? "en").prefix { $0 != " " })
    }

    private var clientName: String {
        let client = state.clients[interaction.request.clientID]
        return Page.escape(client?.name ?? interaction.request.clientID)
    }

    private var heading: String {
        switch screen {
        case .register, .identifierRegister: "Create your account"
        case .resetPassword: "Reset your password"
        case .singleSignOn: "Single sign-on"
        case .signIn, .identifierSignIn, nil:
            path.first == "direct" ? "Sign in with \(Page.escape(connectorName))" : "Sign in"
        }
    }

    private var connectorName: String {
        let target = path.count > 2 ? path[2] : ""
        return Connector(rawValue: target)?.title ?? "single sign-on \(target)"
    }

    /// Which of username, email and phone may be typed.
    private var identifiers: [String] {
        let isNarrowed = screen == .identifierSignIn || screen == .identifierRegister || screen == .resetPassword
        let known = ["username", "email", "phone"]
        let wanted = (query["identifier"] ?? "").split(separator: " ").map(String.init).filter(known.contains)
        return isNarrowed && !wanted.isEmpty ? wanted : known
    }

    private var choices: String {
        if path.first == "direct" {
            let field =
                path.count > 1 && path[1] == "social"
                ? Page.hidden("connector", path.count > 2 ? path[2] : "") : userField
            return """
                <form method="post" action="\(action)">\(uid)\(field)
                <button class="main">Continue with \(Page.escape(connectorName))</button></form>
                <p><a href="/sign-in?app_id=\(Form.encode(interaction.request.clientID))">Other ways to sign in</a></p>
                """
        }
        let isWhole = screen == .signIn || screen == .register || path.first == "one-time-token"
        var parts: [String] = []
        if isWhole { parts.append(users) }
        if identifiers != ["phone"] { parts.append(typed) }
        if isWhole { parts.append(connectors) }
        if identifiers.contains("phone") { parts.append(phone) }
        return parts.joined(separator: "\n")
    }

    private var users: String {
        let buttons = state.users.all.sorted { $0.id < $1.id }.filter { !$0.isSuspended }.prefix(12).map { user in
            let traits: [String?] = [user.username, user.email ?? "no e-mail", user.roles.joined(separator: ", ")]
            let line = traits.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " · ")
            return """
                <button name="user" value="\(Page.escape(user.id))">\(Page.escape(user.displayName))\
                <small>\(Page.escape(line))</small></button>
                """
        }
        return "<form method=\"post\" action=\"\(action)\">\(uid)\(buttons.joined(separator: "\n"))</form>"
    }

    private var userField: String {
        let names = identifiers.filter { $0 != "phone" }.joined(separator: " or ")
        let hint = Page.escape(query["login_hint"] ?? "")
        return """
            <label for="user">\(names.prefix(1).uppercased() + names.dropFirst())</label>
            <input id="user" name="user" value="\(hint)" autocomplete="username" required>
            """
    }

    private var typed: String {
        """
        <h2>Somebody else</h2>
        <form method="post" action="\(action)">\(uid)\(userField)
        <button class="main">Continue</button><small>A name nobody has yet makes a new account.</small></form>
        """
    }

    private var connectors: String {
        let buttons = Connector.allCases.map {
            "<button name=\"connector\" value=\"\($0.rawValue)\">Continue with \($0.title)</button>"
        }
        return "<h2>Or</h2><form method=\"post\" action=\"\(action)\">\(uid)\(buttons.joined(separator: "\n"))</form>"
    }

    private var phone: String {
        let hint = query["login_hint"] ?? ""
        let number = hint.utf8.contains(UInt8(ascii: "@")) ? "" : hint.filter { ("0"..."9").contains($0) }
        return """
            <h2>By phone</h2>
            <form method="post" action="\(action)">\(uid)
            <label for="phone">Phone number</label>
            <input id="phone" name="phone" type="tel" value="\(number)" autocomplete="tel" required>
            <label for="code">Code</label>
            <input id="code" name="code" inputmode="numeric" minlength="6" maxlength="6" value="123456" required>
            <button>Continue</button><small>No message is sent; any six digits will do.</small></form>
            """
    }

    /// Everything that was received, for people and for tests.
    private var parameters: String {
        var shown = Form()
        shown.append("page", request.path)
        shown.append("first_screen", asked["first_screen"] ?? screen?.rawValue ?? "")
        if path.count > 2 {
            shown.append("direct_method", path[1])
            shown.append("direct_target", path[2])
        }
        for field in query.fields { shown.append(field.name, field.value) }
        let repeated = ["client_id", "first_screen"] + query.fields.map(\.name)
        for field in asked.fields where !repeated.contains(field.name) { shown.append(field.name, field.value) }
        let rows = shown.fields.map { field in
            "<dt>\(Page.escape(field.name))</dt><dd id=\"parameter-\(Page.escape(field.name))\">"
                + "\(Page.escape(field.value))</dd>"
        }
        return """
            <details id="parameters"><summary>What the application sent</summary>
            <dl>\(rows.joined(separator: "\n"))</dl></details>
            """
    }
}
