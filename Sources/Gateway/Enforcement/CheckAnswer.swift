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

extension WireBytes {
    /// "Let it pass", and as whom. Most checks are answered so: it is put together from lines that are ready.
    ///
    /// - Parameters:
    ///   - identity: the rendered fields; empty for whoever is not known or does not count here.
    ///   - assertion: the rendered field; empty when the route wants none.
    ///   - cookies: the request's cookies without ours, as a line, for the proxy to send on in place of what came.
    ///   - toHTTP10: where a connection ends that nobody says is kept (RFC 9112, 9.3).
    ///   - head: what `passHead` gives, for this second.
    package mutating func appendPassed(
        identity: [UInt8],
        assertion: [UInt8] = [],
        cookies: [UInt8],
        keepAlive: Bool,
        toHTTP10: Bool = false,
        requestID: RequestID,
        head: [UInt8]
    ) {
        self.append(head)
        self.append(identity)
        self.append(assertion)
        self.append(cookies)
        if !keepAlive {
            self.append("Connection: close\r\n")
        } else if toHTTP10 {
            self.append("Connection: keep-alive\r\n")
        }
        self.append("X-Request-Id: ")
        self.append(requestID)
        self.append("\r\n\r\n")
    }

    /// How each such answer of one second begins.
    package static func passHead(date: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nDate: \(date)\r\nCache-Control: no-store\r\nContent-Length: 0\r\n".utf8)
    }
}

extension CookieNames {
    /// The `Cookie` fields as one line, without our own cookies; empty when nothing is left.
    package func othersAsLine(in fields: [String]) -> [UInt8] {
        let rest = fields.compactMap { CookieHeader.removing(ours: { self.isOurs($0) }, from: $0) }
        return rest.isEmpty ? [] : Array("Cookie: \(rest.joined(separator: "; "))\r\n".utf8)
    }
}
