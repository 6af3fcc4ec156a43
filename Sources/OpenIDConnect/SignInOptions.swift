/// How a sign-in begins: for all routes, or for one of them.
package struct SignInOptions: Sendable, Equatable {
    /// Logto's parameters.
    package var parameters = SignInParameters()
    /// In place of the provider's usual `prompt`.
    package var prompt: String?
    /// Whether Logto's pages come in the languages the browser asks for; a list of languages in `parameters` wins.
    package var followsBrowserLanguage: Bool?

    package init() {}

    /// These options with those of `other` in their place, where it has any.
    package func merging(_ other: SignInOptions) -> SignInOptions {
        var merged = self
        merged.parameters = self.parameters.merging(other.parameters)
        merged.prompt = other.prompt ?? self.prompt
        merged.followsBrowserLanguage = other.followsBrowserLanguage ?? self.followsBrowserLanguage
        return merged
    }
}
