package import Access

/// Our own endpoints on the public listener.
package enum Endpoint: Sendable, CaseIterable {
    case signIn
    /// A sign-in that begins with the registration page.
    case register
    case callback
    case signOut
    case session
    /// Tokens for pages of our own origin.
    case token
    case signedOut
    /// The public keys of our assertions.
    case keys
    /// The provider's: a session there has ended.
    case backChannelLogout
    /// The same through the browser.
    case frontChannelLogout
    /// Logto's: something about a person has changed.
    case webhook
    /// Below our prefix, but nothing is there: never forwarded.
    case unknown
}

/// Which path is whose. Own endpoints come before every route. A class, because it never changes and every request asks.
package final class EndpointTable: Sendable {
    private let exact: [(path: [UInt8], endpoint: Endpoint)]
    private let prefix: [UInt8]
    /// What all of them begin with: most requests are told apart by it.
    private let common: [UInt8]

    /// - Parameter givesTokens: whether there is an endpoint for tokens at all.
    package init(_ paths: Configuration.Paths, givesTokens: Bool = false) {
        self.exact =
            [
                (Array(paths.signIn.utf8), .signIn),
                (Array(paths.register.utf8), .register),
                (Array(paths.callback.utf8), .callback),
                (Array(paths.signOut.utf8), .signOut),
                (Array(paths.session.utf8), .session),
                (Array("\(paths.prefix)/signed-out".utf8), .signedOut),
                (Array("\(paths.prefix)/keys".utf8), .keys),
                (Array("\(paths.prefix)/backchannel-logout".utf8), .backChannelLogout),
                (Array("\(paths.prefix)/frontchannel-logout".utf8), .frontChannelLogout),
                (Array("\(paths.prefix)/webhook".utf8), .webhook),
            ] + (givesTokens ? [(Array("\(paths.prefix)/token".utf8), .token)] : [])
        self.prefix = Array(paths.prefix.utf8)
        self.common = self.exact.reduce(self.prefix) { common, entry in
            Array(zip(common, entry.path).prefix { $0 == $1 }.map(\.0))
        }
    }

    /// `nil`: not ours, ask the routes.
    package func endpoint(for target: RequestTarget) -> Endpoint? {
        guard target.hasPrefix(self.common) else { return nil }
        let path = target.path
        for entry in self.exact where path.elementsEqual(entry.path) { return entry.endpoint }
        guard path.starts(with: self.prefix) else { return nil }
        let rest = path.dropFirst(self.prefix.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/") ? .unknown : nil
    }
}

extension Endpoint {
    /// The largest body it takes, in bytes; 0 for those that take none.
    var bodyLimit: Int {
        switch self {
        case .backChannelLogout: 128 << 10
        // Logto names up to 10,000 members of an organization in one.
        case .webhook: 1 << 20
        case .signIn, .register, .keys, .callback, .signOut, .session, .token, .signedOut, .frontChannelLogout,
            .unknown:
            0
        }
    }
}
