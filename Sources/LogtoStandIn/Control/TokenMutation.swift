import JSON

/// How the next ID tokens, and the token answers around them, are spoiled.
struct TokenMutation: Sendable {
    /// How many token answers are left to spoil; below zero: all of them.
    var remaining: Int64 = 1
    /// Only answers to this grant type.
    var grantType: String?
    /// Claims to set.
    var claims: [JSONMember] = []
    /// Claims to leave out.
    var droppedClaims: [String] = []
    /// Members of the header to set; null removes one.
    var header: [JSONMember] = []
    /// The header's `alg`. The signature is made with it where the key can, or by HMAC for HS256; "none" leaves it
    /// out; otherwise the signature is the key's own, under a false name.
    var algorithm: String?
    /// What HS256 is keyed with.
    var hmacKey = HMACKey.clientSecret
    /// Spoil a byte of the signature.
    var badSignature = false
    /// Sign with a key that is not published, under the name of the one that is.
    var wrongKey = false
    /// Signed as it stands, instead of the claims: for JSON that no writer would write.
    var payload: String?
    /// Sent as it stands, instead of the ID token.
    var token: String?
    /// Members of the token answer to set; null removes one.
    var response: [JSONMember] = []

    /// Secrets somebody might take an HMAC with.
    enum HMACKey: String, Sendable, CaseIterable {
        case clientSecret = "secret"
        /// The published key's JWK text: key confusion.
        case publicKey = "public"
    }

    /// An object with these members set and the null ones removed.
    static func apply(_ changes: [JSONMember], to members: [JSONMember]) -> [JSONMember] {
        var result = members
        for change in changes {
            let index = result.firstIndex { sameBytes($0.name, change.name) }
            if change.value == .null {
                if let index { result.remove(at: index) }
            } else if let index {
                result[index] = change
            } else {
                result.append(change)
            }
        }
        return result
    }
}

/// How the next userinfo answers are spoiled.
struct UserInfoMutation: Sendable {
    /// How many answers are left to spoil; below zero: all of them.
    var remaining: Int64 = 1
    /// Members to set; null removes one.
    var members: [JSONMember]
}

/// How the next redirects to the application are spoiled.
struct CallbackMutation: Sendable {
    /// How many redirects are left to spoil; below zero: all of them.
    var remaining: Int64 = 1
    var dropsIssuer = false
    /// Another issuer, or "https://evil.example/oidc" when only asked for a wrong one.
    var issuer: String?
    var duplicatesState = false
    var dropsState = false
    var state: String?
    var dropsCode = false
    /// More parameters, added at the end.
    var added: [JSONMember] = []

    /// The parameters as the browser gets them.
    func apply(to parameters: Form) -> Form {
        var result = Form()
        for field in parameters.fields {
            switch field.name {
            case "iss":
                if !dropsIssuer { result.append("iss", issuer ?? field.value) }
            case "state":
                if !dropsState { result.append("state", state ?? field.value) }
                if duplicatesState { result.append("state", field.value) }
            case "code":
                if !dropsCode { result.append("code", field.value) }
            default:
                result.append(field.name, field.value)
            }
        }
        for member in added { result.append(member.name, member.value.stringValue ?? "") }
        return result
    }
}

extension StandInState {
    /// The spoiling that this token answer gets, counted down.
    mutating func takeMutation(grantType: String) -> TokenMutation? {
        guard let index = mutations.firstIndex(where: { $0.grantType == nil || $0.grantType == grantType }) else {
            return nil
        }
        let mutation = mutations[index]
        if mutation.remaining > 0 { mutations[index].remaining -= 1 }
        if mutations[index].remaining == 0 { mutations.remove(at: index) }
        record("token_mutated", ["grant_type": .string(grantType)])
        return mutation
    }

    /// The spoiling that this userinfo answer gets, counted down.
    mutating func takeUserInfoMutation() -> [JSONMember]? {
        guard let mutation = userInfoMutations.first else { return nil }
        if mutation.remaining > 0 { userInfoMutations[0].remaining -= 1 }
        if userInfoMutations[0].remaining == 0 { userInfoMutations.removeFirst() }
        record("userinfo_mutated")
        return mutation.members
    }

    /// The spoiling that this redirect gets, counted down.
    mutating func takeCallbackMutation() -> CallbackMutation? {
        guard let mutation = callbackMutations.first else { return nil }
        if mutation.remaining > 0 { callbackMutations[0].remaining -= 1 }
        if callbackMutations[0].remaining == 0 { callbackMutations.removeFirst() }
        record("callback_mutated")
        return mutation
    }
}
