extension SignInParameters {
    /// `first_screen`.
    package enum FirstScreen: String, Sendable, CaseIterable {
        /// The sign-in page.
        case signIn = "sign_in"
        /// The registration page.
        case register
        /// The page for a new password.
        case resetPassword = "reset_password"
        /// The sign-in page that asks for `identifier` alone.
        case identifierSignIn = "identifier:sign_in"
        /// The registration page that asks for `identifier` alone.
        case identifierRegister = "identifier:register"
        /// The page for enterprise sign-in.
        case singleSignOn = "single_sign_on"

        /// Each value, as it is written.
        package static let allowed = allCases.map(\.rawValue)

        /// The value that is exactly `text`.
        ///
        /// - Throws: `signInParameter`.
        package init(_ text: String) throws(OpenIDConnectError) {
            self = try SignInParameters.value(of: .firstScreen, text)
        }
    }

    /// `interaction_mode`, which Logto keeps for older clients.
    package enum InteractionMode: String, Sendable, CaseIterable {
        /// The sign-in page.
        case signIn
        /// The registration page.
        case signUp

        /// Each value, as it is written.
        package static let allowed = allCases.map(\.rawValue)

        /// The value that is exactly `text`.
        ///
        /// - Throws: `signInParameter`.
        package init(_ text: String) throws(OpenIDConnectError) {
            self = try SignInParameters.value(of: .interactionMode, text)
        }
    }

    /// One of `identifier`'s values. `phone` is the way to the SMS connectors.
    package enum Identifier: String, Sendable, CaseIterable {
        /// A user name.
        case username
        /// An e-mail address.
        case email
        /// A phone number.
        case phone

        /// Each value, as it is written.
        package static let allowed = allCases.map(\.rawValue)

        /// The value that is exactly `text`.
        ///
        /// - Throws: `signInParameter`.
        package init(_ text: String) throws(OpenIDConnectError) {
            self = try SignInParameters.value(of: .identifier, text)
        }
    }

    /// `direct_sign_in`: straight to a social connector, by its target (`wechat`, `alipay`, `x`), or to an enterprise
    /// connector, by its id.
    package struct DirectSignIn: Sendable, Equatable {
        /// `social:` or `sso:` and what follows.
        package let text: String

        /// How a value is written.
        package static let allowed = ["social:<target>", "sso:<connector id>"]

        /// - Throws: `signInParameter`. A second colon is refused as well, since Logto would cut the value there.
        package init(_ text: String) throws(OpenIDConnectError) {
            let bytes = Array(text.utf8)
            let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            guard
                parts.count == 2, parts[0].elementsEqual("social".utf8) || parts[0].elementsEqual("sso".utf8),
                SignInParameters.isIdentifier(String(decoding: parts[1], as: UTF8.self))
            else { throw SignInParameters.refusal(.directSignIn, text) }
            self.text = text
        }
    }

    private static func value<Value: RawRepresentable<String> & CaseIterable>(
        of name: Name,
        _ text: String
    ) throws(OpenIDConnectError) -> Value {
        guard let match = Value.allCases.first(where: { $0.rawValue.isExactly(text) }) else {
            throw refusal(name, text)
        }
        return match
    }
}
