package import JSON

/// What the userinfo endpoint says about the end-user (OpenID Connect Core section 5.3).
package struct UserInfo: Sendable, Equatable {
    /// An object whose `sub` is the ID token's.
    package let claims: JSON

    /// Reads the body of a 200 answer. It counts only for `subject`, that of the ID token: an access token could be
    /// somebody else's (section 5.3.4).
    ///
    /// - Throws: `userInfoMalformed`, `userInfoSubjectMismatch`.
    package static func parse(_ body: [UInt8], subject: String) throws(OpenIDConnectError) -> UserInfo {
        guard let json = try? JSON.parse(body), json.objectValue != nil else { throw .userInfoMalformed }
        guard let found = json["sub"]?.stringValue, found.isExactly(subject) else { throw .userInfoSubjectMismatch }
        return UserInfo(claims: json)
    }
}

extension UserInfo {
    /// What userinfo had said of a session's claims: all that its ID token, which was accepted, does not say itself.
    /// `nil` when they cannot be told apart.
    package init?(_ claims: [UInt8], without idToken: String, subject: String) {
        guard let merged = try? UserInfo.parse(claims, subject: subject).claims.objectValue,
            let payload = (try? UnverifiedToken(idToken))?.payload, let signed = try? JSON.parse(payload).objectValue
        else { return nil }
        let names = Set(signed.filter { $0.value != .null }.map { Array($0.name.utf8) })
        self.claims = .object(merged.filter { !names.contains(Array($0.name.utf8)) })
    }
}

extension IDToken {
    /// The ID token's claims, completed by `userInfo`'s: the signed ones win, and null counts as absent. What is said
    /// about the token and the sign-in itself comes from the ID token alone.
    package func mergedClaims(with userInfo: UserInfo?) -> JSON {
        guard var members = claims.objectValue, let additions = userInfo?.claims.objectValue else { return claims }
        // By bytes: names that are canonically equivalent are different names.
        var places: [[UInt8]: Int] = [:]
        for (index, member) in members.enumerated() { places[Array(member.name.utf8)] = index }
        for addition in additions where addition.value != .null && !Self.isAboutTheToken(addition.name) {
            if let place = places[Array(addition.name.utf8)] {
                if members[place].value == .null { members[place] = addition }
            } else {
                members.append(addition)
            }
        }
        return .object(members)
    }

    /// Whether one of these claims is missing or null, so that userinfo is worth a request.
    package func lacks(anyOf names: [String]) -> Bool {
        names.contains { name in
            guard let value = claims[name] else { return true }
            return value == .null
        }
    }

    private static func isAboutTheToken(_ name: String) -> Bool {
        let names = [
            "iss", "sub", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "sid", "auth_time", "acr", "amr",
            "at_hash",
            "c_hash", "s_hash", "events",
        ]
        return names.contains { $0.isExactly(name) }
    }
}
