import BackChannel
import Logging
import OpenIDConnect

/// Asks userinfo for what a scope promised and the ID token lacks: Logto may keep any claim out of the token (logto.md, 3.2).
struct UserInfoRequest: Sendable {
    let backChannel: BackChannel
    /// Those we asked for.
    let scopes: [String]
    let logger: Logger

    private static let promises = [
        ("profile", "name"), ("email", "email"), ("phone", "phone_number"), ("roles", "roles"),
        ("custom_data", "custom_data"), ("identities", "identities"),
        ("urn:logto:scope:organizations", "organizations"),
        ("urn:logto:scope:organization_roles", "organization_roles"),
    ]

    /// `nil` when nothing is missing, and when there is no answer: nothing fails for want of it.
    func answer(completing idToken: IDToken, accessToken: String, at provider: Provider) async -> UserInfo? {
        let names = Self.promises.filter { scope, _ in self.scopes.contains(scope) }.map { $0.1 }
        guard idToken.lacks(anyOf: names) else { return nil }
        return await self.answer(about: idToken.subject, accessToken: accessToken, at: provider)
    }

    /// Whatever it says about this person.
    func answer(about subject: String, accessToken: String, at provider: Provider) async -> UserInfo? {
        guard let endpoint = provider.userinfoEndpoint else { return nil }
        do {
            let authorization = [(name: "Authorization", value: "Bearer \(accessToken)")]
            let request = BackChannelRequest(method: .get, url: endpoint, headers: authorization)
            let response = try await self.backChannel.send(request)
            guard response.status == 200 else {
                self.logger.warning("userinfo refused", metadata: ["status": "\(response.status)"])
                return nil
            }
            return try UserInfo.parse(response.body, subject: subject)
        } catch {
            self.logger.warning("userinfo not usable", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
