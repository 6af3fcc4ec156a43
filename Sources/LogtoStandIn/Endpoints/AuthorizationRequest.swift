import Cryptography
import JSON

/// What the user is asked for before the application gets its code.
enum Prompt: String, Sendable, CaseIterable {
    case login, consent
}

/// How the answer reaches the application.
enum ResponseMode: String, Sendable, CaseIterable {
    case query, fragment
    case formPost = "form_post"
}

/// Where answers to an authorization request go, once client and redirect URI are known to belong together.
struct ReturnAddress: Sendable {
    let redirectURI: String
    var mode = ResponseMode.query
    let state: String?
}

/// A request to `/oidc/auth` that passed every check which needs no user (specification 9.5, steps 1 to 9).
struct AuthorizationRequest: Sendable {
    let parameters: Form
    let clientID: String
    var returnAddress: ReturnAddress
    var scopes: [String] = []
    /// The APIs asked for.
    var resources: [String] = []
    var prompts: Set<Prompt> = []
    /// `prompt=none`: no page may be shown.
    var isSilent = false
    var codeChallenge: String?
    var maximumAge: Int64?
    /// The subject the application expects.
    var hintedSubject: String?

    /// Client and redirect URI; whatever fails here is not sent to the redirect URI.
    init(_ form: Form, _ state: StandInState) throws(OAuthError) {
        parameters = form
        guard let id = form["client_id"] else { throw .missing("client_id") }
        guard let client = state.clients[id] else { throw OAuthError("invalid_client", "client is invalid") }
        guard let uri = form["redirect_uri"] else { throw .missing("redirect_uri") }
        guard client.redirectURIs.allow(uri) else {
            throw OAuthError(
                "invalid_redirect_uri",
                "redirect_uri did not match any of the client's registered redirect_uris"
            )
        }
        clientID = client.id
        returnAddress = ReturnAddress(redirectURI: uri, state: form["state"])
    }

    /// The other checks, in the order of the specification. Failures go to `returnAddress`, which they may change.
    mutating func check(_ state: StandInState) throws(OAuthError) {
        guard let client = state.clients[clientID] else { throw .serverError }
        if parameters["request"] != nil { throw OAuthError("request_not_supported", nil) }
        if parameters["request_uri"] != nil {
            throw OAuthError("invalid_request_uri", "request_uri is invalid, expired, or was already used")
        }
        try checkResponse()
        prompts = try readPrompts()
        scopes = Scope.known(in: parameters["scope"] ?? "")
        if !prompts.contains(.consent) { scopes.removeAll { $0 == "offline_access" } }
        try checkProofKey(client)
        try readResources(state)
        if let text = parameters["max_age"] {
            guard let age = Int64(text), age >= 0 else { throw .invalidRequest("invalid max_age parameter value") }
            maximumAge = age
        }
        if let hint = parameters["id_token_hint"] {
            guard let token = IssuedToken(hint), token.isSigned(by: state.keys), token.audience == clientID else {
                throw .invalidRequest("could not validate id_token_hint")
            }
            hintedSubject = token.claims["sub"]?.stringValue
        }
    }

    private mutating func checkResponse() throws(OAuthError) {
        guard let type = parameters["response_type"] else { throw .missing("response_type") }
        if type != "code" {
            returnAddress.mode = .fragment
            let known = ["code id_token", "id_token", "none"]
            guard known.contains(type) else {
                throw OAuthError("unsupported_response_type", "unsupported response_type requested")
            }
            throw .invalidRequest("requested response_type is not allowed for this client")
        }
        if let text = parameters["response_mode"] {
            guard let mode = ResponseMode(rawValue: text) else {
                throw .invalidRequest("unsupported response_mode requested")
            }
            returnAddress.mode = mode
        }
    }

    /// Specification 2.4.
    private mutating func readPrompts() throws(OAuthError) -> Set<Prompt> {
        let values = (parameters["prompt"] ?? "").split(separator: " ").map(String.init)
        var prompts: Set<Prompt> = []
        for value in values where value != "none" {
            guard let prompt = Prompt(rawValue: value) else {
                throw .invalidRequest("unsupported prompt value requested")
            }
            prompts.insert(prompt)
        }
        isSilent = values.contains("none")
        if isSilent, values.count > 1 { throw .invalidRequest("prompt none must only be used alone") }
        return prompts
    }

    private mutating func checkProofKey(_ client: Client) throws(OAuthError) {
        let challenge = parameters["code_challenge"]
        if let method = parameters["code_challenge_method"], method != "S256" {
            throw .invalidRequest("not supported value of code_challenge_method")
        }
        if let challenge {
            guard parameters["code_challenge_method"] != nil else {
                // RFC 7636 section 4.3: without a method the challenge is plain.
                throw .invalidRequest(
                    "plain code_challenge_method fallback disabled, code_challenge_method must be provided"
                )
            }
            guard let problem = ProofKey.problem(challenge, named: "code_challenge") else {
                codeChallenge = challenge
                return
            }
            throw .invalidRequest(problem)
        }
        if parameters["code_challenge_method"] != nil {
            throw .invalidRequest("code_challenge must be provided with code_challenge_method")
        }
        if !client.isConfidential {
            throw .invalidRequest("Authorization Server policy requires PKCE to be used for this request")
        }
    }

    /// Repeated, or separated by commas.
    private mutating func readResources(_ state: StandInState) throws(OAuthError) {
        resources = parameters.all("resource").flatMap { $0.split(separator: ",").map(String.init) }
        guard resources.allSatisfy(state.permissions.knows) else { throw ResourceToken.unknownResource }
    }
}

/// PKCE (RFC 7636).
enum ProofKey {
    /// What is wrong with a challenge or verifier; nil when nothing is.
    static func problem(_ text: String, named name: String) -> String? {
        if text.utf8.count < 43 { return "\(name) must be a string with a minimum length of 43 characters" }
        if text.utf8.count > 128 { return "\(name) must be a string with a maximum length of 128 characters" }
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                true
            default: false
            }
        }
        return allowed ? nil : "\(name) contains invalid characters"
    }

    /// Whether the verifier is the one behind the challenge.
    static func matches(_ verifier: String, _ challenge: String) -> Bool {
        sameBytes(Base64URL.encode(Digest.sha256(Array(verifier.utf8))), challenge)
    }
}
