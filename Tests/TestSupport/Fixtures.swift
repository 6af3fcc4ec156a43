package import Access
package import Cryptography
package import OpenIDConnect

/// Values that a test needs without caring for, each with a default for everything.
extension Identity {
    package static func make(
        issuer: String = "https://auth.example.com/oidc",
        subject: String = "706lje0vqvfe",
        email: String? = "alice@example.com",
        emailVerified: Bool = true,
        name: String? = "Alice Liddell",
        preferredUsername: String? = "alice",
        roles: [String] = ["admin", "reader"]
    ) -> Identity {
        Identity(
            issuer: issuer,
            subject: subject,
            email: email,
            emailVerified: emailVerified,
            name: name,
            preferredUsername: preferredUsername,
            roles: roles
        )
    }
}

extension Session {
    package static func make(
        identity: Identity = .make(),
        claims: String = #"{"sub":"706lje0vqvfe"}"#,
        idToken: String = "header.payload.signature",
        accessToken: String? = "access",
        accessTokenExpiresAt: Instant? = .somewhen.advanced(by: .seconds(3600)),
        refreshToken: String? = "refresh",
        scope: String? = "openid profile",
        providerSessionID: String? = "sid",
        authority: String = "app.example.com",
        createdAt: Instant = .somewhen,
        expiresAt: Instant = .somewhen.advanced(by: .seconds(86_400)),
        idTokenExpiresAt: Instant? = .somewhen.advanced(by: .seconds(3600)),
        refreshedAt: Instant? = nil,
        generation: UInt32 = 0,
        mustRevalidate: Bool = false
    ) -> Session {
        Session(
            identity: identity,
            claims: Array(claims.utf8),
            idToken: idToken,
            accessToken: accessToken,
            accessTokenExpiresAt: accessTokenExpiresAt,
            refreshToken: refreshToken,
            scope: scope,
            providerSessionID: providerSessionID,
            authority: authority,
            createdAt: createdAt,
            expiresAt: expiresAt,
            idTokenExpiresAt: idTokenExpiresAt,
            refreshedAt: refreshedAt,
            generation: generation,
            mustRevalidate: mustRevalidate
        )
    }
}

extension Grants {
    /// A session for which no requirement is asked.
    package static func make(_ session: Session = .make(), _ requirements: Requirements = .init()) -> Grants {
        Grants(session, requirements)
    }
}

extension Requirements {
    /// A requirement that is there in any case; `nil` is a mistake of the test.
    package mutating func adding(_ condition: Condition, stepUp: StepUp = .none) -> Requirement {
        self.add(condition, stepUp: stepUp)!
    }
}

extension KeyRing {
    /// A ring of so many fresh keys.
    package static func make(count: Int = 1) throws -> KeyRing {
        try KeyRing((0..<count).map { _ in SealingKey.generate() })
    }
}

extension Route {
    package static func make(
        _ path: String = "/",
        host: String = "app.example.com",
        access: Access = .signedIn,
        requirement: Requirement? = nil,
        mode: PolicyMode = .enforce,
        methods: [String] = [],
        name: String? = nil,
        upstream: Int = 0,
        provider: (index: Int, name: String) = (0, ""),
        allowEncodedSlashes: Bool = false
    ) throws -> Route {
        try Route(
            name: name ?? host + path,
            authority: try Authority(host, scheme: .https),
            path: path,
            methods: methods,
            upstream: upstream,
            policy: Policy(access: access, requirement: requirement, mode: mode),
            provider: provider,
            allowEncodedSlashes: allowEncodedSlashes
        )
    }
}

extension AccessRequest {
    package static func make(
        _ target: String = "/",
        host: String = "app.example.com",
        method: String = "GET",
        address: String = "192.0.2.1"
    ) throws -> AccessRequest {
        AccessRequest(
            method: method,
            scheme: .https,
            authority: try Authority(host, scheme: .https),
            target: try RequestTarget(target),
            isNavigation: true,
            clientAddress: address
        )
    }
}
