/// Which rule failed. `description` names the rule alone and is safe to show; `debugDescription` adds what was found,
/// for the operator's log. No case carries a token, a code, a state, a nonce or a secret.
package enum OpenIDConnectError: Error, Sendable, Equatable {
    // MARK: The OP's documents

    /// The discovery document is not a JSON object, or repeats a member.
    case discoveryMalformed
    /// Its issuer is not the one it was fetched for (Discovery section 4.3).
    case discoveryIssuerMismatch(expected: String, found: String)
    /// It lacks a member that we need.
    case discoveryMemberMissing(String)
    /// An endpoint, or a base in our configuration, is no URL as `EndpointURL` wants it.
    case endpointNotUsable(member: String, url: String)
    /// The OP signs ID tokens with nothing that we accept.
    case noUsableAlgorithm(offered: [String])
    /// The key set is not a JSON object with a list of at most 64 keys.
    case keySetMalformed
    /// It has no key that we can use.
    case keySetUnusable
    /// The userinfo answer is not a JSON object.
    case userInfoMalformed
    /// Its `sub` is not the ID token's (Core section 5.3.2).
    case userInfoSubjectMismatch

    // MARK: Our own settings

    /// One of Logto's parameters has a value that Logto does not know.
    case signInParameter(name: String, found: String, allowed: [String])

    // MARK: The authorization response

    /// The query is not form-encoded, or its code or error is not made of the characters they may have.
    case responseMalformed
    /// A parameter that may stand there once stands there twice (RFC 6749 section 3.1).
    case responseParameterRepeated(String)
    /// `state` is missing or not the one of this browser's transaction.
    case stateMismatch
    /// The OP promised an `iss` and did not send it (RFC 9207 section 2.4).
    case responseIssuerMissing
    /// `iss` names another OP: a mix-up.
    case responseIssuerMismatch(found: String)
    /// Neither code nor error.
    case responseWithoutCode

    // MARK: A token's form

    /// More than 64 KiB.
    case tokenTooLarge
    /// Not three parts of canonical base64url.
    case tokenMalformed
    /// The header is not a JSON object with an `alg`, or repeats a member.
    case tokenHeaderMalformed
    /// `crit` or `b64`: it wants an extension that we do not know.
    case tokenHeaderCritical
    /// The header brings or names a key of its own.
    case tokenHeaderWithKey(String)

    // MARK: The ID token, rule by rule

    /// `alg` is not on the list: `none` and the HMACs never are.
    case algorithmNotAllowed(String)
    /// `typ` says that it is something else, such as an access or a logout token.
    case tokenTypeNotAllowed(String)
    /// The OP's keys, as we have them, do not include this one.
    case unknownKey(kid: String?)
    /// They do, but it is of another type, curve or algorithm than the token's.
    case keyNotForAlgorithm(kid: String)
    /// No candidate key made this signature over these bytes.
    case signatureInvalid
    /// The payload is not a JSON object, or repeats a member.
    case claimsMalformed
    /// `iss` is not the OP.
    case issuerMismatch(found: String?)
    /// `aud` is not us, or not text.
    case audienceMismatch
    /// `azp` is not us, or missing beside several audiences.
    case authorizedPartyMismatch
    /// `exp` is missing or no date between 1970 and 9999.
    case expiryUnusable
    /// `exp` has passed, leeway included.
    case expired(at: Instant, now: Instant)
    /// `iat` is missing, no date, or later than `exp`.
    case issuedAtUnusable
    /// `iat` is ahead of us by more than the leeway.
    case issuedInTheFuture(at: Instant, now: Instant)
    /// `nbf` is no date.
    case notBeforeUnusable
    /// `nbf` is ahead of us by more than the leeway.
    case notYetValid(before: Instant, now: Instant)
    /// `nonce` is missing or not the one we sent.
    case nonceMismatch
    /// `sub` is missing, empty, longer than 255 bytes or has control characters.
    case subjectUnusable
    /// `max_age` was asked for and `auth_time` is missing or no date of the past.
    case authenticationTimeUnusable
    /// `max_age` was asked for and `auth_time` lies further back.
    case authenticationTooOld(at: Instant, now: Instant)
    /// `at_hash` is not that of the access token that came along.
    case accessTokenHashMismatch

    /// The ID token of a refresh is about another end-user than the session (Core section 12.2).
    case refreshedSubjectMismatch

    // MARK: The logout token (Back-Channel Logout section 2.6), beside the rules it shares

    /// It has a `nonce`, which no logout token has.
    case logoutTokenWithNonce
    /// `events` does not have the logout's member with an object for its value.
    case logoutTokenWithoutEvent
    /// Neither `sid` nor `sub`.
    case logoutTokenWithoutTarget
    /// No `jti`.
    case logoutTokenWithoutID
    /// `sid`, `sub` or `jti` is no text, empty, longer than 255 bytes or has control characters.
    case logoutTokenNameUnusable

    /// Whether fresh keys from the OP may change the verdict: the key is unknown, or an OP has put another key under
    /// an old name. Ask for them at a limited rate, for anybody can send such a token.
    package var isWorthFetchingKeys: Bool {
        switch self {
        case .unknownKey, .signatureInvalid: true
        default: false
        }
    }

    /// A constant name for logs and metrics, such as `id_token_expired`.
    package var code: String { rule.code }
}

extension OpenIDConnectError: CustomStringConvertible, CustomDebugStringConvertible {
    /// Code and rule: safe to show to anybody.
    package var description: String { rule.code + ": " + rule.sentence }

    /// The same with what was found, for the operator.
    package var debugDescription: String {
        guard let detail else { return description }
        return description + " (" + detail + ")"
    }

    private var rule: (code: String, sentence: String) {
        switch self {
        case .discoveryMalformed: ("discovery_malformed", "the discovery document is not a JSON object")
        case .discoveryIssuerMismatch: ("discovery_issuer", "the discovery document names another issuer")
        case .discoveryMemberMissing: ("discovery_member", "the discovery document lacks a member we need")
        case .endpointNotUsable: ("endpoint_not_usable", "an endpoint is not an absolute http(s) URL as we need it")
        case .noUsableAlgorithm: ("discovery_algorithms", "the provider signs with no algorithm that we accept")
        case .keySetMalformed: ("key_set_malformed", "the key set is not a JSON object with a list of keys")
        case .keySetUnusable: ("key_set_unusable", "the key set has no key that we can use")
        case .userInfoMalformed: ("userinfo_malformed", "the userinfo answer is not a JSON object")
        case .userInfoSubjectMismatch: ("userinfo_subject", "the userinfo answer is about somebody else")
        case .signInParameter: ("sign_in_parameter", "a sign-in parameter has a value that is not allowed")
        case .responseMalformed: ("response_malformed", "the authorization response cannot be read")
        case .responseParameterRepeated: ("response_repeated", "the authorization response repeats a parameter")
        case .stateMismatch: ("response_state", "the state is not the one of this sign-in")
        case .responseIssuerMissing: ("response_issuer_missing", "the authorization response lacks its issuer")
        case .responseIssuerMismatch: ("response_issuer", "the authorization response names another issuer")
        case .responseWithoutCode: ("response_without_code", "the authorization response has neither code nor error")
        case .tokenTooLarge: ("token_too_large", "the token is too large")
        case .tokenMalformed: ("token_malformed", "the token is not three base64url parts")
        case .tokenHeaderMalformed: ("token_header", "the token's header cannot be read")
        case .tokenHeaderCritical: ("token_header_critical", "the token's header has an extension that we must know")
        case .tokenHeaderWithKey: ("token_header_key", "the token's header brings a key of its own")
        case .algorithmNotAllowed: ("id_token_algorithm", "the ID token's algorithm is not allowed")
        case .tokenTypeNotAllowed: ("id_token_type", "the token is of another type than an ID token")
        case .unknownKey: ("id_token_key", "the ID token's key is not among the provider's")
        case .keyNotForAlgorithm: ("id_token_key_type", "the ID token's key is not for its algorithm")
        case .signatureInvalid: ("id_token_signature", "the ID token's signature does not hold")
        case .claimsMalformed: ("id_token_claims", "the ID token's claims cannot be read")
        case .issuerMismatch: ("id_token_issuer", "the ID token is from another issuer")
        case .audienceMismatch: ("id_token_audience", "the ID token is not for this client")
        case .authorizedPartyMismatch: ("id_token_authorized_party", "the ID token was issued to another client")
        case .expiryUnusable: ("id_token_expiry", "the ID token has no usable expiry")
        case .expired: ("id_token_expired", "the ID token has expired")
        case .issuedAtUnusable: ("id_token_issued_at", "the ID token has no usable time of issue")
        case .issuedInTheFuture: ("id_token_issued_in_future", "the ID token was issued in the future")
        case .notBeforeUnusable: ("id_token_not_before", "the ID token's start of validity is not usable")
        case .notYetValid: ("id_token_not_yet_valid", "the ID token is not valid yet")
        case .nonceMismatch: ("id_token_nonce", "the ID token's nonce is not the one of this sign-in")
        case .subjectUnusable: ("id_token_subject", "the ID token has no usable subject")
        case .authenticationTimeUnusable: ("id_token_auth_time", "the ID token has no usable time of authentication")
        case .authenticationTooOld: ("id_token_auth_too_old", "the end-user's authentication lies too far back")
        case .refreshedSubjectMismatch: ("id_token_refreshed_subject", "the refreshed ID token is about somebody else")
        case .logoutTokenWithNonce: ("logout_token_nonce", "the logout token has a nonce")
        case .logoutTokenWithoutEvent: ("logout_token_event", "the token is not about a logout")
        case .logoutTokenWithoutTarget: ("logout_token_target", "the logout token names neither session nor end-user")
        case .logoutTokenWithoutID: ("logout_token_id", "the logout token has no jti")
        case .logoutTokenNameUnusable: ("logout_token_name", "the logout token has a sid, sub or jti that is no name")
        case .accessTokenHashMismatch: ("id_token_access_token", "the ID token belongs to another access token")
        }
    }

    private var detail: String? {
        switch self {
        case .discoveryIssuerMismatch(let expected, let found): "expected \(quoted(expected)), found \(quoted(found))"
        case .discoveryMemberMissing(let member): member
        case .endpointNotUsable(let member, let url): "\(member) is \(quoted(url))"
        case .noUsableAlgorithm(let offered): "offered: \(quoted(offered.joined(separator: " ")))"
        case .signInParameter(let name, let found, let allowed):
            "\(name): found \(quoted(found)); allowed: \(allowed.joined(separator: ", "))"
        case .responseParameterRepeated(let name), .tokenHeaderWithKey(let name): name
        case .responseIssuerMismatch(let found): "found \(quoted(found))"
        case .issuerMismatch(let found): found.map { "found \(quoted($0))" } ?? "found none"
        case .algorithmNotAllowed(let found), .tokenTypeNotAllowed(let found): "found \(quoted(found))"
        case .keyNotForAlgorithm(let kid): "kid \(quoted(kid))"
        case .unknownKey(let kid): kid.map { "kid \(quoted($0))" } ?? "no kid"
        case .expired(let time, let now): "expired at \(time.seconds), now \(now.seconds)"
        case .issuedInTheFuture(let time, let now): "issued at \(time.seconds), now \(now.seconds)"
        case .notYetValid(let time, let now): "valid from \(time.seconds), now \(now.seconds)"
        case .authenticationTooOld(let time, let now): "authenticated at \(time.seconds), now \(now.seconds)"
        case .discoveryMalformed, .keySetMalformed, .keySetUnusable, .userInfoMalformed, .userInfoSubjectMismatch,
            .responseMalformed, .stateMismatch, .responseIssuerMissing, .responseWithoutCode, .tokenTooLarge,
            .tokenMalformed, .tokenHeaderMalformed, .tokenHeaderCritical, .signatureInvalid, .claimsMalformed,
            .audienceMismatch, .authorizedPartyMismatch, .expiryUnusable, .issuedAtUnusable, .notBeforeUnusable,
            .nonceMismatch, .subjectUnusable, .authenticationTimeUnusable, .accessTokenHashMismatch,
            .refreshedSubjectMismatch,
            .logoutTokenWithNonce, .logoutTokenWithoutEvent, .logoutTokenWithoutTarget, .logoutTokenWithoutID,
            .logoutTokenNameUnusable:
            nil
        }
    }

    /// A stranger's text, short and on one line.
    private func quoted(_ text: String) -> String {
        "\"" + text.cleaned(limit: 200) + "\""
    }
}
