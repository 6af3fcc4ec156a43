/// Logto's own parameters of the authorization request.
///
/// Logto reads them all or none: one wrong value and it drops every one of them without a word, also those of RFC-given
/// names. So each value is checked before it is sent, and this type cannot hold a wrong one.
package struct SignInParameters: Sendable, Equatable {
    /// The page Logto begins with.
    package private(set) var firstScreen: FirstScreen?
    /// Logto's older name for the same; `firstScreen` wins.
    package private(set) var interactionMode: InteractionMode?
    /// What the first page asks for; counts for the `identifier:` pages and `reset_password`.
    package private(set) var identifiers: [Identifier] = []
    /// Skips the first page.
    package private(set) var directSignIn: DirectSignIn?
    /// Pre-fills the first page.
    package private(set) var loginHint: String?
    /// Shows this organization's branding.
    package private(set) var organizationID: String?
    /// Languages of Logto's pages, the best first.
    package private(set) var uiLocales: [String] = []
    /// Signs in by a link from an e-mail; goes with `loginHint`.
    package private(set) var oneTimeToken: String?

    /// None of them.
    package init() {}

    /// The parameters by the names Logto and our configuration give them.
    package enum Name: String, Sendable, CaseIterable {
        case firstScreen = "first_screen"
        case interactionMode = "interaction_mode"
        case identifier
        case directSignIn = "direct_sign_in"
        case loginHint = "login_hint"
        case organizationID = "organization_id"
        case uiLocales = "ui_locales"
        case oneTimeToken = "one_time_token"

        /// What its value may be, to be shown to whoever wrote another one.
        package var allowed: [String] {
            switch self {
            case .firstScreen: FirstScreen.allowed
            case .interactionMode: InteractionMode.allowed
            case .identifier: Identifier.allowed
            case .directSignIn: DirectSignIn.allowed
            case .loginHint: ["up to 256 characters without control characters"]
            case .organizationID, .oneTimeToken: ["up to 256 letters, digits, \"-\", \"_\", \".\" and \"~\""]
            case .uiLocales: ["BCP 47 language tags such as \"en\" or \"zh-CN\""]
            }
        }
    }

    /// Sets one parameter from its text on the wire, where lists are separated by spaces. Empty text removes it.
    ///
    /// - Throws: `signInParameter` with the values that are allowed; nothing is changed then.
    package mutating func set(_ name: Name, to text: String) throws(OpenIDConnectError) {
        switch name {
        case .identifier, .uiLocales:
            try set(name, to: text.split(separator: " ").map(String.init))
        case .firstScreen:
            firstScreen = try text.isEmpty ? nil : FirstScreen(text)
        case .interactionMode:
            interactionMode = try text.isEmpty ? nil : InteractionMode(text)
        case .directSignIn:
            directSignIn = try text.isEmpty ? nil : DirectSignIn(text)
        case .loginHint:
            loginHint = try checked(text, name) { $0.unicodeScalars.count <= 256 && !$0.hasControls }
        case .organizationID:
            organizationID = try checked(text, name, Self.isIdentifier)
        case .oneTimeToken:
            oneTimeToken = try checked(text, name, Self.isIdentifier)
        }
    }

    /// Sets one parameter from a list. Those that take one value take a list of at most one; an empty list removes the
    /// parameter.
    ///
    /// - Throws: `signInParameter` with the values that are allowed; nothing is changed then.
    package mutating func set(_ name: Name, to values: [String]) throws(OpenIDConnectError) {
        switch name {
        case .identifier:
            var checked: [Identifier] = []
            for value in values {
                let identifier = try Identifier(value)
                if !checked.contains(identifier) { checked.append(identifier) }
            }
            identifiers = checked
        case .uiLocales:
            for value in values where !Self.isLanguageTag(value) { throw Self.refusal(name, value) }
            uiLocales = values
        case .firstScreen, .interactionMode, .directSignIn, .loginHint, .organizationID, .oneTimeToken:
            guard values.count <= 1 else { throw Self.refusal(name, values.joined(separator: " ")) }
            try set(name, to: values.first ?? "")
        }
    }

    /// These parameters with those of `other` in their place, where it has any.
    package func merging(_ other: SignInParameters) -> SignInParameters {
        var merged = self
        merged.firstScreen = other.firstScreen ?? firstScreen
        merged.interactionMode = other.interactionMode ?? interactionMode
        merged.identifiers = other.identifiers.isEmpty ? identifiers : other.identifiers
        merged.directSignIn = other.directSignIn ?? directSignIn
        merged.loginHint = other.loginHint ?? loginHint
        merged.organizationID = other.organizationID ?? organizationID
        merged.uiLocales = other.uiLocales.isEmpty ? uiLocales : other.uiLocales
        merged.oneTimeToken = other.oneTimeToken ?? oneTimeToken
        return merged
    }

    /// These parameters for a registration: no connector is gone to directly, whose page would not register anybody.
    package var forRegistration: SignInParameters {
        var copy = self
        copy.directSignIn = nil
        copy.interactionMode = nil
        copy.firstScreen = copy.firstScreen == .identifierSignIn ? .identifierRegister : .register
        if copy.firstScreen == .register { copy.identifiers = [] }
        return copy
    }

    /// For the query of the authorization request; empty when there is nothing to say.
    package var queryItems: [(String, String)] {
        let values: [(Name, String?)] = [
            (.firstScreen, firstScreen?.rawValue),
            (.interactionMode, interactionMode?.rawValue),
            (.identifier, identifiers.map(\.rawValue).joined(separator: " ")),
            (.directSignIn, directSignIn?.text),
            (.loginHint, loginHint),
            (.organizationID, organizationID),
            (.uiLocales, uiLocales.joined(separator: " ")),
            (.oneTimeToken, oneTimeToken),
        ]
        return values.compactMap { name, value in
            guard let value, !value.isEmpty else { return nil }
            return (name.rawValue, value)
        }
    }

    private func checked(
        _ text: String,
        _ name: Name,
        _ isAllowed: (String) -> Bool
    ) throws(OpenIDConnectError) -> String? {
        guard !text.isEmpty else { return nil }
        guard isAllowed(text) else { throw Self.refusal(name, text) }
        return text
    }

    static func refusal(_ name: Name, _ found: String) -> OpenIDConnectError {
        .signInParameter(name: name.rawValue, found: found, allowed: name.allowed)
    }

    /// The unreserved characters of RFC 3986, of which all of Logto's ids, targets and tokens consist.
    static func isIdentifier(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "-_.~".utf8.contains($0) }
    }

    /// The shape of RFC 5646 section 2.1: subtags of one to eight letters and digits, the first of letters alone.
    static func isLanguageTag(_ text: String) -> Bool {
        let subtags = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return text.utf8.count <= 35 && subtags[0].allSatisfy(\.isASCIILetter)
            && subtags.allSatisfy { (1...8).contains($0.count) && $0.allSatisfy(\.isASCIIAlphanumeric) }
    }
}
