/// What Logto's Protected App tells the application with every request, whoever makes it.
package struct ProtectedApp: Sendable, Equatable {
    /// Whether the application gets our client's id and secret as `Authorization`, by which it can tell requests that
    /// came around us.
    package let sendsCredentials: Bool

    package init(sendsCredentials: Bool) {
        self.sendsCredentials = sendsCredentials
    }

    /// The field that names the host, in every request.
    package static let hostField = "Logto-Host"
    /// The field with the ID token of who is signed in.
    package static let idTokenField = "Logto-ID-Token"
}
