import JSON

/// The refresh token grant, with Logto's rules for rotation and reuse (specification 3.4, 9.7).
enum RefreshGrant {
    /// A chain of rotated tokens ends after a year: 365.25 days.
    private static let longestChain: Int64 = 31_557_600

    static func answer(
        _ form: Form,
        _ client: Client,
        _ state: inout StandInState
    ) throws(OAuthError) -> [JSONMember] {
        guard let value = form["refresh_token"] else { throw .missing("refresh_token") }
        guard let token = state.refreshTokens[value], token.authority.clientID == client.id,
            token.expiresAt > state.now, state.grants[token.authority.grantID].map({ $0.expiresAt > state.now }) == true
        else { throw refused("unknown, revoked or expired refresh token", &state) }
        if let consumedAt = token.consumedAt, state.now - consumedAt > state.knobs.reuseLeeway {
            state.revoke(grant: token.authority.grantID, because: "refresh token used twice")
            throw refused("refresh token used twice", &state)
        }
        guard let user = state.activeUser(token.authority.userID) else {
            throw refused("user is gone or suspended", &state)
        }
        guard state.isAlive(token.authority) else { throw refused("session is gone", &state) }
        let scopes = try narrowedScopes(form, token)
        let resourceToken = try ResourceToken.answer(form, token.authority, user, state)
        let kept = rotated(token, client, &state)
        var answer = try TokenAnswer.make(
            grantType: "refresh_token",
            user: user,
            token.authority,
            scopes: scopes,
            refreshToken: kept,
            &state
        )
        for member in resourceToken ?? [] {
            guard let index = answer.firstIndex(where: { sameBytes($0.name, member.name) }) else { continue }
            answer[index] = member
        }
        state.record(
            "token_refreshed",
            [
                "user": .string(user.id), "client": .string(client.id), "grant": .string(token.authority.grantID),
                "rotated": .bool(!sameBytes(kept, value)), "reused": .bool(token.consumedAt != nil),
            ]
        )
        return answer
    }

    /// `scope` may narrow what was granted. A permission of an API counts as narrowing to nothing.
    private static func narrowedScopes(_ form: Form, _ token: RefreshToken) throws(OAuthError) -> [String] {
        guard let text = form["scope"] else { return token.authority.scopes }
        let wanted = Scope.known(in: text)
        let missing = wanted.filter { !token.authority.scopes.contains($0) }
        guard missing.isEmpty else {
            var error = OAuthError("invalid_scope", "refresh token missing requested scope")
            error.extra = [JSONMember(name: "scope", value: .string(missing.joined(separator: " ")))]
            throw error
        }
        return wanted
    }

    /// The refresh token of the answer: the same, or a new one that replaces it.
    private static func rotated(_ token: RefreshToken, _ client: Client, _ state: inout StandInState) -> String {
        guard token.consumedAt != nil || mustRotate(token, client, state) else { return token.value }
        let now = state.now
        let isPublic = !client.isConfidential
        let next = RefreshToken(
            value: Identifier.token(),
            authority: token.authority,
            chainStartedAt: token.chainStartedAt,
            issuedAt: now,
            expiresAt: isPublic ? token.expiresAt : now + state.refreshTokenTTL(of: client)
        )
        state.refreshTokens[next.value] = next
        // Marked, not removed: its reuse must be noticed.
        state.refreshTokens[token.value]?.consumedAt = token.consumedAt ?? now
        return next.value
    }

    private static func mustRotate(_ token: RefreshToken, _ client: Client, _ state: StandInState) -> Bool {
        switch state.knobs.rotation {
        case .always: return true
        case .never: return false
        case .logto: break
        }
        if state.now - token.chainStartedAt >= longestChain { return false }
        guard client.isConfidential else { return true }
        guard client.rotateRefreshToken else { return false }
        let life = max(1, token.expiresAt - token.issuedAt)
        return (state.now - token.issuedAt) * 10 >= life * 7
    }

    /// Tells the test why; the client never learns it.
    private static func refused(_ reason: String, _ state: inout StandInState) -> OAuthError {
        state.record("refresh_refused", ["reason": .string(reason)])
        return .invalidGrant
    }
}
