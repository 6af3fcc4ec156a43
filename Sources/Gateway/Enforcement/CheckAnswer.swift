package import Access
import NIOHTTP1
import OpenIDConnect

/// What "sign in first" is made of, in each of the ways it is said.
package struct CheckChallenge {
    /// Our own endpoint on the host that was asked for, with the way back: nothing here depends on a cookie that a
    /// check's answer could set, since proxies drop those.
    package let signInURL: String
    package let isNavigation: Bool
    package let realm: String
    package let requestID: String

    /// A way back beyond this many bytes loses its query: proxies keep a check's answer in a small buffer, and fail
    /// when it does not fit.
    private static let longestReturnURL = 2000

    package init(_ access: AccessRequest, settings: Settings, requestID: String) {
        let signIn = settings.origin(of: access.authority) + settings.configuration.paths.signIn
        let target = (ReturnURL(access.target) ?? .root).shortened(to: Self.longestReturnURL)
        self.signInURL = signIn + "?" + FormEncoding.encode([("rd", target.text)])
        self.isNavigation = access.isNavigation
        self.realm = access.authority.text
        self.requestID = requestID
    }

    /// The problem, for what cannot follow a redirect.
    package var unauthorized: Answer {
        .challenge(signInURL: self.signInURL, realm: self.realm, requestID: self.requestID)
    }
}

extension Answer {
    /// "Let it pass", and as whom.
    ///
    /// - Parameters:
    ///   - identity: the rendered fields; empty for whoever is not known or does not count here.
    ///   - cookies: the request's cookies without ours, for the proxy to send on in place of what came.
    package static func passed(identity: [UInt8], cookies: String?) -> Self {
        var answer = Answer(status: .ok)
        answer.rendered = identity
        if let cookies { answer.fields.append(("Cookie", cookies)) }
        return answer
    }
}

extension CookieNames {
    /// The `Cookie` fields as one, without our own cookies; `nil` when nothing is left.
    package func others(in fields: [String]) -> String? {
        if fields.count == 1 { return CookieHeader.removing(ours: { self.isOurs($0) }, from: fields[0]) }
        let rest = fields.compactMap { CookieHeader.removing(ours: { self.isOurs($0) }, from: $0) }
        return rest.isEmpty ? nil : rest.joined(separator: "; ")
    }
}
