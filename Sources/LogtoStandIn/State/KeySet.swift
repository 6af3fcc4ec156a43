import Cryptography
import JSON

/// A key the OP signs with, as it is published.
struct PublishedKey: Sendable {
    /// What can be asked for. Logto has the first four; the last is for the tests of clients that take more.
    enum Kind: String, Sendable, CaseIterable {
        case p384 = "P-384"
        case rsa = "RSA"
        case p256 = "P-256"
        case p521 = "P-521"
        case ed25519 = "Ed25519"

        /// Takes the curve, the signature algorithm, or Logto's "EC" and "RSA".
        init?(_ name: String) {
            switch name.uppercased() {
            case "EC", "P-384", "ES384": self = .p384
            case "P-256", "ES256": self = .p256
            case "P-521", "ES512": self = .p521
            case "RSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512": self = .rsa
            case "ED25519", "EDDSA": self = .ed25519
            default: return nil
            }
        }

        /// What it can sign, its usual algorithm first.
        var algorithms: [SignatureAlgorithm] {
            switch self {
            case .p384: [.ES384]
            case .p256: [.ES256]
            case .p521: [.ES512]
            case .rsa: [.RS256, .PS256, .RS384, .RS512, .PS384, .PS512]
            case .ed25519: [.EdDSA]
            }
        }
    }

    let kind: Kind
    let key: SigningKey
    /// The public numbers as a JWK: EC keys carry `alg`, RSA keys do not (specification 1.3).
    let jwk: JSON
    /// RFC 7638 thumbprint.
    let id: String

    init(_ kind: Kind) throws(CryptographyError) {
        self.kind = kind
        key =
            switch kind {
            case .p384: try SigningKey.generate(.elliptic(.p384))
            case .p256: try SigningKey.generate(.elliptic(.p256))
            case .p521: try SigningKey.generate(.elliptic(.p521))
            case .rsa: try SigningKey.generate(.rsa(2048))
            case .ed25519: try SigningKey.generate(.edwards)
            }
        let members = PublishedKey.members(of: key.publicNumbers)
        // RFC 7638: the required members alone, in the order of their names.
        id = Base64URL.encode(Digest.sha256(JSON.object(members.sorted { $0.name < $1.name }).bytes))
        var published: [JSONMember] = [
            members[0],
            JSONMember(name: "use", value: "sig"),
            JSONMember(name: "kid", value: .string(id)),
        ]
        if kind != .rsa { published.append(JSONMember(name: "alg", value: .string(kind.algorithms[0].rawValue))) }
        jwk = .object(published + members.dropFirst())
    }

    /// What it can sign, its usual algorithm first.
    var algorithms: [SignatureAlgorithm] { kind.algorithms }

    /// The members that define the key; `kty` first.
    private static func members(of numbers: PublicKeyNumbers) -> [JSONMember] {
        func member(_ name: String, _ bytes: [UInt8]) -> JSONMember {
            JSONMember(name: name, value: .string(Base64URL.encode(bytes)))
        }
        switch numbers {
        case .rsa(let modulus, let exponent):
            return [JSONMember(name: "kty", value: "RSA"), member("e", exponent), member("n", modulus)]
        case .elliptic(let curve, let x, let y):
            let name: JSON =
                switch curve {
                case .p256: "P-256"
                case .p384: "P-384"
                case .p521: "P-521"
                }
            return [
                JSONMember(name: "kty", value: "EC"), JSONMember(name: "crv", value: name), member("x", x),
                member("y", y),
            ]
        case .edwards(let x):
            return [JSONMember(name: "kty", value: "OKP"), JSONMember(name: "crv", value: "Ed25519"), member("x", x)]
        }
    }
}

/// Logto's keys and their rotation (specification 1.3): `current` signs; `next` and `previous` are only published.
struct KeySet: Sendable {
    private(set) var current: PublishedKey
    private(set) var next: PublishedKey?
    private(set) var previous: PublishedKey?
    /// When `next` takes over, in Unix seconds; by hand when nil.
    private var activatesAt: Int64?

    init(_ kind: PublishedKey.Kind = .p384) throws(CryptographyError) {
        current = try PublishedKey(kind)
    }

    /// In the order they are published.
    var all: [PublishedKey] { [current, next, previous].compactMap { $0 } }

    /// The body of `/oidc/jwks`.
    var jwks: JSON { ["keys": .array(all.map(\.jwk))] }

    /// What discovery says ID tokens may be signed with: only algorithms of loaded keys.
    var idTokenAlgorithms: [String] {
        var names: [String] = []
        for key in all {
            let added = key.kind == .rsa ? ["PS256", "RS256"] : key.algorithms.map(\.rawValue)
            names += added.filter { !names.contains($0) }
        }
        return names
    }

    /// A new key signs at once.
    mutating func rotate(to kind: PublishedKey.Kind) throws(CryptographyError) {
        let key = try PublishedKey(kind)
        previous = current
        current = key
        next = nil
        activatesAt = nil
    }

    /// A new key is published and signs later.
    mutating func stage(_ kind: PublishedKey.Kind, activatesAt: Int64?) throws(CryptographyError) {
        next = try PublishedKey(kind)
        self.activatesAt = activatesAt
    }

    /// The staged key takes over.
    /// - Returns: whether there was one.
    @discardableResult
    mutating func activate() -> Bool {
        guard let next else { return false }
        previous = current
        current = next
        self.next = nil
        activatesAt = nil
        return true
    }

    /// Does what is due.
    mutating func advance(to now: Int64) {
        if let activatesAt, activatesAt <= now { activate() }
    }
}
