/// Where Logto sends the browser to sign in (specification 2.3).
enum FirstScreen: String, Sendable, CaseIterable {
    case signIn = "sign-in"
    case register
    case resetPassword = "reset-password"
    case identifierSignIn = "identifier-sign-in"
    case identifierRegister = "identifier-register"
    case singleSignOn = "single-sign-on"

    /// The values of `first_screen`.
    private static let names: [(String, FirstScreen)] = [
        ("sign_in", .signIn), ("signIn", .signIn), ("register", .register), ("reset_password", .resetPassword),
        ("identifier:sign_in", .identifierSignIn), ("identifier:register", .identifierRegister),
        ("single_sign_on", .singleSignOn),
    ]

    /// The extra parameters of Logto, in the order of the page's URL.
    static let extras = ["organization_id", "ui_locales", "one_time_token", "login_hint", "identifier"]

    /// The page's path and query. One wrong enumeration value and Logto drops every extra, without a word.
    static func location(_ parameters: Form, clientID: String) -> String {
        var query = Form()
        query.append("app_id", clientID)
        guard let screen = screen(parameters) else { return "/sign-in?" + query.encoded }
        for name in extras { query.append(name, ifPresent: parameters[name]) }
        if let (method, target) = directSignIn(parameters) {
            query.append("fallback", screen.rawValue)
            return "/direct/\(Cookies.percentEncoded(method))/\(Cookies.percentEncoded(target))?" + query.encoded
        }
        return "/\(screen.rawValue)?" + query.encoded
    }

    /// Nil when a value is none that Logto knows.
    private static func screen(_ parameters: Form) -> FirstScreen? {
        var screen = FirstScreen.signIn
        if let mode = parameters["interaction_mode"] {
            guard mode == "signIn" || mode == "signUp" else { return nil }
            if mode == "signUp" { screen = .register }
        }
        if let name = parameters["first_screen"] {
            guard let found = names.first(where: { sameBytes($0.0, name) }) else { return nil }
            screen = found.1
        }
        return screen
    }

    /// Split at colons; only the first two parts are used.
    private static func directSignIn(_ parameters: Form) -> (method: String, target: String)? {
        if parameters["google_one_tap_credential"] != nil { return ("social", "google") }
        let parts = (parameters["direct_sign_in"] ?? "").split(separator: ":").map(String.init)
        return parts.count < 2 ? nil : (parts[0], parts[1])
    }
}
