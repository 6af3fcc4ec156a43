package import Cryptography
private import JSON

/// The OP's public keys by key id (RFC 7517 section 5).
///
/// Keys we cannot use (another `use`, another type, too small, not on their curve) are left out, as section 5 asks. A
/// key that shows its private half is left out as well: nobody should rely on it any more.
package struct JSONWebKeySet: Sendable {
    private let keys: [Key]

    private struct Key: Sendable {
        let id: String?
        /// Set where the key says what it is for; Logto's RSA keys do not.
        let algorithm: SignatureAlgorithm?
        let family: Family
        let key: VerificationKey
    }

    /// What a key can verify: the algorithms of its type and, for elliptic curves, of its very curve (RFC 7518
    /// section 3.4).
    private enum Family: Equatable {
        case rsa
        case elliptic(EllipticCurve)
        case edwards

        func fits(_ algorithm: SignatureAlgorithm) -> Bool {
            switch algorithm {
            case .RS256, .RS384, .RS512, .PS256, .PS384, .PS512: self == .rsa
            case .ES256: self == .elliptic(.p256)
            case .ES384: self == .elliptic(.p384)
            case .ES512: self == .elliptic(.p521)
            case .EdDSA: self == .edwards
            }
        }
    }

    /// The most keys a set may have; each costs a computation to read.
    package static let maximumKeys = 64

    /// How many keys can be used.
    package var count: Int { keys.count }

    /// Reads a key set.
    ///
    /// - Throws: `keySetMalformed`; `keySetUnusable` when not one key can be used, so that it cannot replace a good
    ///   set.
    package static func parse(_ bytes: [UInt8]) throws(OpenIDConnectError) -> JSONWebKeySet {
        guard
            let json = try? JSON.parse(bytes),
            let entries = json["keys"]?.arrayValue, entries.count <= maximumKeys
        else { throw .keySetMalformed }
        let keys = entries.compactMap(key)
        guard !keys.isEmpty else { throw .keySetUnusable }
        return JSONWebKeySet(keys: keys)
    }

    /// The keys that may have signed: of the type and curve of `algorithm`, and of exactly this id when the token
    /// names one (OpenID Connect Core section 10.1).
    package func candidates(kid: String?, algorithm: SignatureAlgorithm) -> [VerificationKey] {
        keys.compactMap { entry in
            if let kid {
                guard let id = entry.id, id.isExactly(kid) else { return nil }
            }
            guard entry.family.fits(algorithm), entry.algorithm == nil || entry.algorithm == algorithm else {
                return nil
            }
            return entry.key
        }
    }

    /// Whether a key of this id is published.
    package func contains(kid: String) -> Bool {
        keys.contains { $0.id?.isExactly(kid) == true }
    }

    private static func key(_ json: JSON) -> Key? {
        guard json.objectValue != nil, let type = json["kty"]?.stringValue, isForSignatures(json) else { return nil }
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] where json[member] != nil { return nil }

        var algorithm: SignatureAlgorithm?
        if let value = json["alg"] {
            // A key for some other algorithm is not ours to use.
            guard let name = value.stringValue, let known = SignatureAlgorithm(name.utf8) else { return nil }
            algorithm = known
        }
        var id: String?
        if let value = json["kid"] {
            guard let text = value.stringValue else { return nil }
            id = text
        }
        guard let (family, numbers) = numbers(type, json), let key = try? VerificationKey(numbers) else { return nil }
        return Key(id: id, algorithm: algorithm, family: family, key: key)
    }

    /// RFC 7517 sections 4.2 and 4.3: both members are optional, but bind where they stand.
    private static func isForSignatures(_ json: JSON) -> Bool {
        if let use = json["use"] {
            guard use.stringValue?.isExactly("sig") == true else { return false }
        }
        if let operations = json["key_ops"] {
            guard operations.arrayValue?.contains(where: { $0.stringValue?.isExactly("verify") == true }) == true else {
                return false
            }
        }
        return true
    }

    /// RFC 7518 sections 6.2 and 6.3, RFC 8037 section 2. Coordinates have the full length of their field.
    private static func numbers(_ type: String, _ json: JSON) -> (Family, PublicKeyNumbers)? {
        func bytes(_ member: String) -> [UInt8]? {
            json[member]?.stringValue.flatMap { Base64URL.decode(Array($0.utf8)) }
        }
        if type.isExactly("RSA") {
            guard let modulus = bytes("n"), let exponent = bytes("e") else { return nil }
            return (.rsa, .rsa(modulus: modulus, exponent: exponent))
        }
        guard let name = json["crv"]?.stringValue, let x = bytes("x") else { return nil }
        if type.isExactly("OKP") {
            guard name.isExactly("Ed25519"), x.count == 32 else { return nil }
            return (.edwards, .edwards(x: x))
        }
        guard
            type.isExactly("EC"), let y = bytes("y"),
            let curve = EllipticCurve.allCases.first(where: { $0.rawValue.isExactly(name) }),
            x.count == curve.coordinateLength, y.count == curve.coordinateLength
        else { return nil }
        return (.elliptic(curve), .elliptic(curve: curve, x: x, y: y))
    }
}
