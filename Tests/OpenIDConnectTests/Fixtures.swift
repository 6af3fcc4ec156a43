import Cryptography
import JSON
import OpenIDConnect

/// An OP that signs whatever a test wants it to.
struct TestProvider {
    static let issuer = "https://auth.example.com/oidc"

    let key: SigningKey
    let kid: String
    let algorithm: SignatureAlgorithm

    /// As Logto is by default: ES384.
    static func logto() throws -> TestProvider { try sharedLogto.get() }
    /// Another key of the same kind.
    static func stranger() throws -> TestProvider { try sharedStranger.get() }
    /// A Logto tenant with an RSA key.
    static func rsa() throws -> TestProvider { try sharedRSA.get() }

    // Keys are slow to make: each is made once.
    private static let sharedLogto = Result { try make(.elliptic(.p384), kid: "logto", .ES384) }
    private static let sharedStranger = Result { try make(.elliptic(.p384), kid: "logto", .ES384) }
    private static let sharedRSA = Result { try make(.rsa(2_048), kid: "rsa", .RS256) }

    static func make(_ kind: SigningKey.Kind, kid: String, _ algorithm: SignatureAlgorithm) throws -> TestProvider {
        TestProvider(key: try SigningKey.generate(kind), kid: kid, algorithm: algorithm)
    }

    /// The public key as Logto publishes it: no `alg` for RSA.
    func jwk(_ changes: KeyValuePairs<String, JSON?> = [:]) -> JSON {
        func text(_ bytes: [UInt8]) -> JSON { .string(Base64URL.encode(bytes)) }
        var jwk: JSON
        switch key.publicNumbers {
        case .rsa(let modulus, let exponent):
            jwk = ["kty": "RSA", "n": text(modulus), "e": text(exponent)]
        case .elliptic(let curve, let x, let y):
            jwk = ["kty": "EC", "crv": .string(curve.rawValue), "x": text(x), "y": text(y)]
            jwk = changed(jwk, ["alg": .string(algorithm.rawValue)])
        case .edwards(let x):
            jwk = ["kty": "OKP", "crv": "Ed25519", "x": text(x), "alg": "EdDSA"]
        }
        return changed(changed(jwk, ["use": "sig", "kid": .string(kid)]), changes)
    }

    func keySet() throws -> JSONWebKeySet {
        try TestProvider.keySet([jwk()])
    }

    static func keySet(_ keys: [JSON]) throws -> JSONWebKeySet {
        try JSONWebKeySet.parse((["keys": .array(keys)] as JSON).bytes)
    }

    /// A compact JWS. Without `header` it is Logto's: `alg` and `kid`, no `typ`.
    func token(_ payload: [UInt8], header: JSON? = nil) throws -> String {
        let header = header ?? ["alg": .string(algorithm.rawValue), "kid": .string(kid)]
        let input = Base64URL.encode(header.bytes) + "." + Base64URL.encode(payload)
        return input + "." + Base64URL.encode(try key.sign(Array(input.utf8), with: algorithm))
    }

    func token(_ claims: JSON, header: JSON? = nil) throws -> String {
        try token(claims.bytes, header: header)
    }
}

let clientID = "gatehouse"
let nonce = "n-0S6_WzA2Mj"
let now = Instant(seconds: 1_795_242_530)

/// The claims of Logto 1.42, nulls and milliseconds included, with changes: `nil` takes a claim away.
func claims(_ changes: KeyValuePairs<String, JSON?> = [:]) -> JSON {
    changed(
        [
            "sub": "706lje0vqvfe", "name": "Alice Liddell", "picture": nil, "updated_at": 1_700_000_000_000,
            "username": "alice", "created_at": 1_700_000_000_000, "email": "alice@example.com", "email_verified": true,
            "phone_number": nil, "roles": ["admin", "reader"], "nonce": .string(nonce), "aud": .string(clientID),
            "exp": 1_795_246_126, "iat": 1_795_242_526, "iss": .string(TestProvider.issuer),
        ],
        changes
    )
}

/// An object with members replaced, added or (`nil`) taken away.
func changed(_ object: JSON, _ changes: KeyValuePairs<String, JSON?>) -> JSON {
    var members = object.objectValue ?? []
    for (name, value) in changes {
        members.removeAll { $0.name == name }
        if let value { members.append(JSONMember(name: name, value: value)) }
    }
    return .object(members)
}

/// A value written in JSON, for numbers that Swift would not write so.
func json(_ text: String) throws -> JSON {
    try JSON.parse(Array(text.utf8))
}

func validator(
    issuer: String = TestProvider.issuer,
    clientID: String = clientID,
    algorithms: [SignatureAlgorithm] = SignatureAlgorithm.allCases
) -> IDTokenValidator {
    IDTokenValidator(issuer: issuer, clientID: clientID, algorithms: algorithms, leeway: .seconds(60))
}

/// Signs claims as Logto would and judges them.
@discardableResult
func judge(
    _ claims: JSON,
    header: JSON? = nil,
    by provider: TestProvider? = nil,
    now: Instant = now,
    accessToken: String? = nil,
    maxAge: Int? = nil
) throws -> IDToken {
    let provider = try provider ?? .logto()
    return try validator().validate(
        UnverifiedToken(provider.token(claims, header: header)),
        keys: provider.keySet(),
        nonce: nonce,
        now: now,
        accessToken: accessToken,
        maxAge: maxAge
    )
}

/// The discovery document of Logto 1.42, with changes: `nil` takes a member away.
func discovery(_ changes: KeyValuePairs<String, JSON?> = [:], base: String = "https://auth.example.com") -> JSON {
    changed(
        [
            "authorization_endpoint": .string(base + "/oidc/auth"),
            "claims_parameter_supported": false,
            "code_challenge_methods_supported": ["S256"],
            "end_session_endpoint": .string(base + "/oidc/session/end"),
            "issuer": .string(TestProvider.issuer),
            "jwks_uri": .string(base + "/oidc/jwks"),
            "authorization_response_iss_parameter_supported": true,
            "token_endpoint": .string(base + "/oidc/token"),
            "id_token_signing_alg_values_supported": ["ES384"],
            "userinfo_endpoint": .string(base + "/oidc/me"),
            "introspection_endpoint": .string(base + "/oidc/token/introspection"),
            "revocation_endpoint": .string(base + "/oidc/token/revocation"),
        ],
        changes
    )
}

func provider(_ changes: KeyValuePairs<String, JSON?> = [:], base: String = "https://auth.example.com") throws
    -> Provider
{
    try Provider(discovery: discovery(changes, base: base).bytes, issuer: TestProvider.issuer)
}

func client(_ authentication: ClientAuthentication = .basic, id: String = clientID, secret: String = "s3cret") -> Client
{
    Client(
        id: id,
        secret: Secret(secret),
        authentication: authentication,
        scopes: ["openid", "offline_access", "profile"]
    )
}

/// The fields of a form or of a URL's query, as names and values.
func fields(_ form: String) -> [String] {
    let query = form.split(separator: "?", maxSplits: 1).last ?? ""
    let fields = FormEncoding.decode(Array(query.utf8)) ?? []
    return fields.map { String(decoding: $0.name + [UInt8(ascii: "=")] + $0.value, as: UTF8.self) }
}

/// The same bytes of chance at each run (splitmix64), so that what a fuzz test finds can be found again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// `bytes` with one to four bytes flipped, put in, taken out or doubled.
    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let interesting = Array("\0\"\\{}[]%&=+.,:-_eE09 \u{FF}".utf8)
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            let place = Int.random(in: 0...bytes.count, using: &self)
            let byte =
                Bool.random(using: &self)
                ? interesting.randomElement(using: &self) ?? 0 : .random(in: 0...255, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0 where place < bytes.count: bytes[place] = byte
            case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2 where place < bytes.count: bytes.remove(at: place)
            case 3: bytes += bytes[place...].prefix(40)
            default: bytes.insert(byte, at: place)
            }
        }
        return bytes
    }
}
