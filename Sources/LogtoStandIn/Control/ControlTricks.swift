import JSON

/// The control port's calls that make the OP misbehave.
enum ControlTricks {
    static func knobs(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var knobs = state.knobs
        try members.read("auto", into: &knobs.automaticUser)
        try members.read("codeTtl", into: &knobs.codeTTL)
        try members.read("accessTokenTtl", into: &knobs.accessTokenTTL)
        try members.read("idTokenTtl", into: &knobs.idTokenTTL)
        try members.read("refreshTokenTtl", into: &knobs.refreshTokenTTL)
        try members.read("sessionTtl", into: &knobs.sessionTTL)
        try members.read("grantTtl", into: &knobs.grantTTL)
        try members.read("interactionTtl", into: &knobs.interactionTTL)
        try members.read("rotation", into: &knobs.rotation)
        try members.read("reuseLeewayS", into: &knobs.reuseLeeway)
        if let toggles = members.take("extendedClaims") {
            var switches = try Members(toggles)
            for (name, claim) in User.ExtendedClaims.names {
                var isOn = knobs.extendedClaims.contains(claim)
                try switches.read(name, into: &isOn)
                if isOn { knobs.extendedClaims.insert(claim) } else { knobs.extendedClaims.remove(claim) }
            }
            try switches.finish()
        }
        try members.read("unknownSessionRedirectUrl", into: &knobs.unknownSessionRedirectURL)
        try members.read("trustProxyHeader", into: &knobs.trustsProxyHeader)
        try members.read("sendsIss", into: &knobs.sendsIssuer)
        try members.read("legacyIdTokens", into: &knobs.legacyIDTokens)
        try members.read("signingAlg", into: &knobs.signingAlgorithm)
        try members.read("discovery", into: &knobs.discovery)
        try members.read("compress", into: &knobs.compresses)
        var webhookURL = knobs.webhook?.url
        var webhookKey = knobs.webhook?.signingKey ?? ""
        try members.read("webhookUrl", into: &webhookURL)
        try members.read("webhookKey", into: &webhookKey)
        knobs.webhook = webhookURL.map { Webhook(url: $0, signingKey: webhookKey) }
        try members.finish()
        state.knobs = knobs
        return ["ok": true]
    }

    static func fault(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var fault = Fault(route: try members.text("route"))
        var headers: [JSONMember] = []
        var padding: Int64 = 0
        try members.read("grantType", into: &fault.grantType)
        try members.read("n", into: &fault.remaining)
        try members.read("delayMs", into: &fault.delay)
        try members.read("status", into: &fault.status)
        try members.read("headers", into: &headers)
        try members.read("body", into: &fault.body)
        try members.read("close", into: &fault.close)
        try members.read("drop", into: &fault.drop)
        try members.read("hang", into: &fault.hang)
        try members.read("truncate", into: &fault.truncateAt)
        try members.read("chunk", into: &fault.pieceSize)
        try members.read("chunkDelayMs", into: &fault.pieceDelay)
        try members.read("pad", into: &padding)
        try members.read("gzip", into: &fault.gzip)
        try members.read("inflatesTo", into: &fault.inflatesTo)
        try members.finish()
        guard fault.route == "*" || fault.route.hasPrefix("/") || Fault.names.contains(where: { $0.0 == fault.route })
        else {
            let names = Fault.names.map(\.0).joined(separator: ", ")
            throw ControlError(reason: "route: a path, *, or one of \(names) is expected")
        }
        guard (0...1_000_000_000).contains(padding), (0...1_000_000_000).contains(fault.inflatesTo ?? 0),
            (0...3_600_000).contains(fault.delay), (0...3_600_000).contains(fault.pieceDelay), fault.remaining != 0,
            (100...599).contains(fault.status ?? 200), (0...Int.max).contains(fault.truncateAt ?? 0)
        else { throw ControlError(reason: "a number is out of range") }
        fault.padding = Int(padding)
        fault.headers = headers.map { ($0.name, $0.value.stringValue ?? "") }
        state.faults.append(fault)
        return ["ok": true]
    }

    static func mutate(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var count: Int64 = 1
        try members.read("n", into: &count)
        var userinfo: [JSONMember] = []
        try members.read("userinfo", into: &userinfo)
        var mutation = TokenMutation()
        mutation.remaining = count
        try members.read("grantType", into: &mutation.grantType)
        try members.read("response", into: &mutation.response)
        let isChanged = try read(&mutation, &members)
        try members.finish()
        guard count != 0 else { throw ControlError(reason: "n: not 0; below 0 means every one from now on") }
        if isChanged || !mutation.response.isEmpty { state.mutations.append(mutation) }
        if !userinfo.isEmpty { state.userInfoMutations.append(UserInfoMutation(remaining: count, members: userinfo)) }
        return ["ok": true]
    }

    /// The members about the JWT itself, which `mutate` and `mint` share.
    /// - Returns: whether there were any.
    private static func read(_ mutation: inout TokenMutation, _ members: inout Members) throws(ControlError) -> Bool {
        let header = members.take("kid").map { [JSONMember(name: "kid", value: $0)] } ?? []
        let type = members.take("typ").map { [JSONMember(name: "typ", value: $0)] } ?? []
        let issuer = members.take("iss").map { [JSONMember(name: "iss", value: $0)] } ?? []
        try members.read("claims", into: &mutation.claims)
        try members.read("drop", into: &mutation.droppedClaims)
        try members.read("header", into: &mutation.header)
        try members.read("alg", into: &mutation.algorithm)
        try members.read("hmacKey", into: &mutation.hmacKey)
        try members.read("badSig", into: &mutation.badSignature)
        try members.read("wrongKey", into: &mutation.wrongKey)
        try members.read("payload", into: &mutation.payload)
        try members.read("token", into: &mutation.token)
        mutation.header += header + type
        mutation.claims += issuer
        return !mutation.claims.isEmpty || !mutation.droppedClaims.isEmpty || !mutation.header.isEmpty
            || mutation.algorithm != nil || mutation.badSignature || mutation.wrongKey || mutation.payload != nil
            || mutation.token != nil
    }

    static func mutateCallback(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var mutation = CallbackMutation()
        var isWrong = false
        try members.read("n", into: &mutation.remaining)
        try members.read("dropIss", into: &mutation.dropsIssuer)
        try members.read("wrongIss", into: &isWrong)
        if isWrong { mutation.issuer = "https://evil.example/oidc" }
        try members.read("iss", into: &mutation.issuer)
        try members.read("dupState", into: &mutation.duplicatesState)
        try members.read("dropState", into: &mutation.dropsState)
        try members.read("state", into: &mutation.state)
        try members.read("dropCode", into: &mutation.dropsCode)
        try members.read("add", into: &mutation.added)
        try members.finish()
        state.callbackMutations.append(mutation)
        return ["ok": true]
    }

    /// A token nobody asked the OP for.
    static func mint(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var kind = "id_token"
        var clientID = StandIn.clientID
        var scope = "openid profile email roles"
        var nonce: String?
        var sid: String?
        try members.read("kind", into: &kind)
        try members.read("client", into: &clientID)
        try members.read("scope", into: &scope)
        try members.read("nonce", into: &nonce)
        try members.read("sid", into: &sid)
        let user = try ControlRecords.user(in: &members, state)
        var mutation = TokenMutation()
        _ = try read(&mutation, &members)
        try members.finish()
        let scopes = Scope.known(in: scope)
        let authority = Authority(
            userID: user.id,
            clientID: clientID,
            grantID: "",
            scopes: scopes,
            sessionUID: "",
            sid: sid,
            nonce: nonce,
            authTime: nil,
            isSessionBound: false
        )
        do throws(OAuthError) {
            switch kind {
            case "id_token":
                return [
                    "token": .string(
                        try TokenWriter.idToken(
                            for: user,
                            authority,
                            scopes: scopes,
                            accessToken: nil,
                            state,
                            mutation: mutation
                        )
                    )
                ]
            case "logout_token":
                return [
                    "token": .string(
                        try TokenWriter.logoutToken(
                            userID: user.id,
                            clientID: clientID,
                            sid: sid,
                            state,
                            mutation: mutation
                        )
                    )
                ]
            default: break
            }
        } catch {
            throw ControlError(reason: "the token could not be signed", status: 500)
        }
        throw ControlError(reason: "kind: id_token or logout_token is expected")
    }
}
