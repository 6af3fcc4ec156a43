package import JSON

/// Who somebody is, as far as headers and pages need it. Only issuer and subject together name a person.
package struct Identity: Sendable {
    package let issuer: String
    package let subject: String
    /// For display; it names nobody unless `emailVerified`.
    package let email: String?
    /// Only the literal `true` counts.
    package let emailVerified: Bool
    package let name: String?
    package let preferredUsername: String?
    package let roles: [String]

    package init(
        issuer: String,
        subject: String,
        email: String? = nil,
        emailVerified: Bool = false,
        name: String? = nil,
        preferredUsername: String? = nil,
        roles: [String] = []
    ) {
        self.issuer = issuer
        self.subject = subject
        self.email = email
        self.emailVerified = emailVerified
        self.name = name
        self.preferredUsername = preferredUsername
        self.roles = roles
    }

    /// Reads claims that have been verified. `nil` without a subject; any other claim that is null, empty or of
    /// another type is as good as absent.
    package init?(claims: JSON, issuer: String) {
        guard let subject = claims.text("sub") else { return nil }
        self.init(
            issuer: issuer,
            subject: subject,
            email: claims.text("email"),
            emailVerified: claims["email_verified"]?.boolValue == true,
            name: claims.text("name"),
            // Logto leaves the one out when nobody has set it and still has the other.
            preferredUsername: claims.text("preferred_username") ?? claims.text("username"),
            roles: (claims["roles"]?.arrayValue ?? []).compactMap { role in
                role.stringValue.flatMap { $0.isEmpty ? nil : $0 }
            }
        )
    }
}

extension Identity: Equatable {
    /// Equal bytes; Unicode's canonical equivalence would make two people one.
    package static func == (left: Identity, right: Identity) -> Bool {
        left.issuer.isExactly(right.issuer) && left.subject.isExactly(right.subject)
            && left.email.isExactly(right.email) && left.emailVerified == right.emailVerified
            && left.name.isExactly(right.name) && left.preferredUsername.isExactly(right.preferredUsername)
            && left.roles.elementsEqual(right.roles) { $0.isExactly($1) }
    }
}

extension JSON {
    fileprivate func text(_ name: String) -> String? {
        self[name]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension String? {
    fileprivate func isExactly(_ other: String?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let left?, let right?): left.isExactly(right)
        default: false
        }
    }
}
