import Cryptography
import Glibc
import JSON
import LogtoStandIn

/// Where the application of these tests waits. Nobody listens there: the browser stops in front of it.
let redirectURI = "http://127.0.0.1:8080/callback"
let signedOutURI = "http://127.0.0.1:8080/"
/// RFC 7636 appendix B.
let codeVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
let codeChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

/// A fresh stand-in on free ports, ended afterwards.
func withStandIn<Result>(
    auto user: String? = "alice",
    _ body: (StandIn) async throws -> Result
) async throws -> Result {
    var options = StandIn.Options()
    options.automaticUser = user
    options.redirectURIs = [redirectURI]
    options.postLogoutRedirectURIs = [signedOutURI]
    let op = try await StandIn.start(options) { Int64(time(nil)) }
    do {
        let result = try await body(op)
        try await op.shutDown()
        return result
    } catch {
        try? await op.shutDown()
        throw error
    }
}

/// An authorization request; a nil value leaves a parameter out.
func authorizationTarget(_ changes: [(String, String?)] = []) -> String {
    var fields: [(String, String?)] = [
        ("client_id", StandIn.clientID), ("redirect_uri", redirectURI), ("response_type", "code"),
        ("scope", "openid offline_access profile email roles"), ("prompt", "consent"), ("state", "st4te"),
        ("nonce", "n0nce"), ("code_challenge", codeChallenge), ("code_challenge_method", "S256"),
    ]
    for change in changes {
        if let index = fields.firstIndex(where: { $0.0 == change.0 }) {
            fields[index] = change
        } else {
            fields.append(change)
        }
    }
    return "/oidc/auth?" + encoded(fields.compactMap { field in field.1.map { (field.0, $0) } })
}

extension StandIn {
    /// A call to the control port.
    @discardableResult
    func control(_ call: String, _ body: JSON = [:]) async throws -> JSON {
        let parts = call.split(separator: " ").map(String.init)
        let text = parts[0] == "GET" ? "" : String(decoding: body.bytes, as: UTF8.self)
        return try await Wire.send(parts[0], parts[1], port: controlPort, body: text).json
    }

    /// A back-channel call with the first application's credentials in the body.
    func call(_ path: String, _ fields: [(String, String?)]) async throws -> Answer {
        let credentials: [(String, String?)] = [
            ("client_id", StandIn.clientID), ("client_secret", StandIn.clientSecret),
        ]
        let sent = (credentials + fields).compactMap { field in field.1.map { (field.0, $0) } }
        return try await Wire.send("POST", path, port: port, headers: [formContent], body: encoded(sent))
    }

    /// Exchanges a code.
    func exchange(_ code: String?, verifier: String? = codeVerifier) async throws -> Answer {
        try await call(
            "/oidc/token",
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
                ("code_verifier", verifier),
            ]
        )
    }

    /// Refreshes.
    func refresh(_ token: String?, _ fields: [(String, String?)] = []) async throws -> Answer {
        try await call("/oidc/token", [("grant_type", "refresh_token"), ("refresh_token", token)] + fields)
    }

    /// Userinfo for an access token.
    func me(_ accessToken: String?) async throws -> Answer {
        try await Wire.send(
            "GET",
            "/oidc/me",
            port: port,
            headers: [(name: "Authorization", value: "Bearer \(accessToken ?? "")")]
        )
    }

    /// Signs in through the browser and exchanges the code.
    func signIn(_ browser: Browser, _ changes: [(String, String?)] = []) async throws -> Tokens {
        let code = try await browser.open(authorizationTarget(changes)).parameters["code"]
        return Tokens(try await exchange(code).json)
    }
}

let formContent = (name: "Content-Type", value: "application/x-www-form-urlencoded")

/// A token answer.
struct Tokens {
    let answer: JSON

    init(_ answer: JSON) {
        self.answer = answer
    }

    var access: String? { answer["access_token"]?.stringValue }
    var refresh: String? { answer["refresh_token"]?.stringValue }
    var id: String? { answer["id_token"]?.stringValue }
    var scope: String? { answer["scope"]?.stringValue }
    /// The ID token's claims; null without one.
    var claims: JSON { part(1) }
    /// The ID token's header; null without one.
    var header: JSON { part(0) }

    private func part(_ index: Int) -> JSON {
        let parts = (id ?? "").split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64URL.decode(parts[index].utf8) else { return .null }
        return (try? JSON.parse(bytes)) ?? .null
    }
}

/// Whether a JWT's signature holds under a key of a JWKS, with the algorithm its header names.
func isSigned(_ token: String?, by keys: JSON) throws -> Bool {
    let parts = (token ?? "").split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let head = Base64URL.decode(parts[0].utf8), let signature = Base64URL.decode(parts[2].utf8)
    else { return false }
    let header = try JSON.parse(head)
    guard let algorithm = header["alg"]?.stringValue.flatMap({ SignatureAlgorithm($0.utf8) }),
        let key = keys["keys"]?.arrayValue?.first(where: { $0["kid"] == header["kid"] })
    else { return false }
    let message = Array("\(parts[0]).\(parts[1])".utf8)
    return try VerificationKey(numbers(of: key)).isValid(signature, over: message, with: algorithm)
}

/// The numbers of a JWK.
private func numbers(of key: JSON) -> PublicKeyNumbers {
    func bytes(_ name: String) -> [UInt8] { key[name]?.stringValue.flatMap { Base64URL.decode($0.utf8) } ?? [] }
    switch (key["kty"]?.stringValue, key["crv"]?.stringValue) {
    case ("RSA", _): return .rsa(modulus: bytes("n"), exponent: bytes("e"))
    case ("OKP", _): return .edwards(x: bytes("x"))
    case (_, let curve):
        let curve = EllipticCurve(rawValue: curve ?? "") ?? .p256
        return .elliptic(curve: curve, x: bytes("x"), y: bytes("y"))
    }
}
