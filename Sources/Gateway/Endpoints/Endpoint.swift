package import Access

/// Our own endpoints on the public listener.
package enum Endpoint: Sendable, CaseIterable {
    case signIn
    /// A sign-in that begins with the registration page.
    case register
    case callback
    case signOut
    case session
    case signedOut
    /// The public keys of our assertions.
    case keys
    /// Below our prefix, but nothing is there: never forwarded.
    case unknown
}

/// Which path is whose. Own endpoints come before every route.
package struct EndpointTable: Sendable {
    private let exact: [(path: [UInt8], endpoint: Endpoint)]
    private let prefix: [UInt8]

    package init(_ paths: Configuration.Paths) {
        self.exact = [
            (Array(paths.signIn.utf8), .signIn),
            (Array(paths.register.utf8), .register),
            (Array(paths.callback.utf8), .callback),
            (Array(paths.signOut.utf8), .signOut),
            (Array(paths.session.utf8), .session),
            (Array("\(paths.prefix)/signed-out".utf8), .signedOut),
            (Array("\(paths.prefix)/keys".utf8), .keys),
        ]
        self.prefix = Array(paths.prefix.utf8)
    }

    /// `nil`: not ours, ask the routes.
    package func endpoint(for target: RequestTarget) -> Endpoint? {
        let path = target.path
        for entry in self.exact where path.elementsEqual(entry.path) { return entry.endpoint }
        guard path.starts(with: self.prefix) else { return nil }
        let rest = path.dropFirst(self.prefix.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/") ? .unknown : nil
    }
}
