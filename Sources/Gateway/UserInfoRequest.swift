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

    /// What userinfo has to add to an ID token. It is not asked when nothing is missing.
    func answer(completing idToken: IDToken, accessToken: String, at provider: Provider) async -> UserInfoAnswer {
        let names = Self.promises.filter { scope, _ in self.scopes.contains(scope) }.map { $0.1 }
        guard idToken.lacks(anyOf: names) else { return .nothing }
        return await self.answer(about: idToken.subject, accessToken: accessToken, at: provider)
    }

    /// Whatever it says about this person.
    func answer(about subject: String, accessToken: String, at provider: Provider) async -> UserInfoAnswer {
        guard let endpoint = provider.userinfoEndpoint else { return .nothing }
        let authorization = [(name: "Authorization", value: "Bearer \(accessToken)")]
        let request = BackChannelRequest(method: .get, url: endpoint, headers: authorization)
        let response: BackChannelResponse
        do {
            response = try await self.backChannel.send(request)
        } catch {
            self.logger.warning("userinfo not usable", metadata: ["error": "\(error)"])
            return .failed
        }
        guard response.status == 200 else {
            self.logger.warning("userinfo refused", metadata: ["status": "\(response.status)"])
            return response.status >= 500 || response.status == 429 ? .failed : .nothing
        }
        do {
            return .said(try UserInfo.parse(response.body, subject: subject))
        } catch {
            self.logger.warning("userinfo not usable", metadata: ["error": "\(error)"])
            return .nothing
        }
    }
}

/// What came of asking userinfo, or of not asking it. Nothing fails for want of an answer.
enum UserInfoAnswer: Sendable {
    case said(UserInfo)
    /// Nothing was missing, there is nobody to ask, or it says nothing about this person.
    case nothing
    /// It cannot answer just now.
    case failed

    /// `nil` without one.
    var userInfo: UserInfo? {
        if case .said(let userInfo) = self { userInfo } else { nil }
    }
}
