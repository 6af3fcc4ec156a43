import Gateway
import OpenIDConnect

extension Configuration.SignInSettings {
    /// `[sign_in]`.
    init(_ section: SectionReader) {
        self.init()
        self.options = section.signInOptions()
        if self.options.followsBrowserLanguage == false { self.options.followsBrowserLanguage = nil }
        self.oneTimeTokens = section.flag("one_time_tokens") ?? self.oneTimeTokens
        self.timeout = section.duration("timeout", in: .seconds(1)...(.seconds(86_400))) ?? self.timeout
    }
}

extension SignInOptions {
    /// `sign_in` of a route.
    init(_ section: SectionReader) {
        self = section.signInOptions()
        self.prompt = section.prompt("prompt")
    }
}

extension SectionReader {
    fileprivate func signInOptions() -> SignInOptions {
        var options = SignInOptions()
        options.parameters = self.signInParameters()
        options.followsBrowserLanguage = self.flag("browser_language")
        return options
    }

    /// Logto's own parameters. A wrong one would make it drop all of them without a word.
    fileprivate func signInParameters() -> SignInParameters {
        var parameters = SignInParameters()
        for name in SignInParameters.Name.allCases {
            switch name {
            case .identifier, .uiLocales:
                let allowed = name.allowed.joined(separator: ", ")
                guard let values = self.list(name.rawValue, of: allowed, mayBeEmpty: true) else { continue }
                self.note(name) { () throws(OpenIDConnectError) in try parameters.set(name, to: values) }
            case .firstScreen, .interactionMode, .directSignIn, .loginHint, .organizationID:
                guard let text = self.text(name.rawValue) else { continue }
                self.note(name) { () throws(OpenIDConnectError) in try parameters.set(name, to: text) }
            case .oneTimeToken:
                // Good for one sign-in, so no setting.
                continue
            }
        }
        self.warnOfUnused(parameters)
        return parameters
    }

    private func note(_ name: SignInParameters.Name, _ set: () throws(OpenIDConnectError) -> Void) {
        do {
            try set()
        } catch {
            guard case .signInParameter(_, let found, let allowed) = error else { return }
            let isListOfWords = [.firstScreen, .interactionMode, .identifier].contains(name)
            self.refuse(
                name.rawValue,
                found: ConfigurationProblem.quoted(found),
                allowed: (isListOfWords ? ConfigurationProblem.quoted(allowed) : allowed.joined(separator: " or "))
                    + " (on a wrong one Logto drops all of these parameters)",
                hint: isListOfWords ? ConfigurationProblem.suggestion(for: found, among: allowed) : nil
            )
        }
    }

    private func warnOfUnused(_ parameters: SignInParameters) {
        if let target = parameters.directSignIn?.text, target.isExactly("social:twitter") {
            self.warn("direct_sign_in", "Logto's target for X is \"x\"; did you mean \"social:x\"?")
        }
        if parameters.firstScreen != nil, parameters.interactionMode != nil {
            self.warn("interaction_mode", "Logto ignores it beside first_screen")
        }
        let hasIdentifierPage = [.identifierSignIn, .identifierRegister, .resetPassword].contains(
            parameters.firstScreen
        )
        if !parameters.identifiers.isEmpty, !hasIdentifierPage {
            self.warn(
                "identifier",
                "Logto ignores it unless first_screen is identifier:sign_in, identifier:register or reset_password"
            )
        }
    }
}
