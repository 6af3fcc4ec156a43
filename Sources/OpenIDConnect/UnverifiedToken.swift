private import Cryptography
private import JSON

/// A JWT taken apart, nothing believed (RFC 7515 section 7.1, RFC 7519).
///
/// Its header only selects which of *our* keys and algorithms may try. The payload is not decoded before the signature
/// holds.
package struct UnverifiedToken: Sendable {
    /// `alg` as it stands there.
    package let algorithm: String
    /// `kid`.
    package let keyID: String?
    /// `typ`.
    package let type: String?
    /// The compact form.
    package let raw: String
    /// What was signed: header and payload as they came, with the dot between them.
    let signingInput: [UInt8]
    let signature: [UInt8]
    /// The bytes of the payload, which may be anything yet.
    let payload: [UInt8]

    /// The longest token we read. Logto's with 500 organizations has 40 kB.
    package static let maximumBytes = 64 << 10

    /// Takes a compact JWS apart.
    ///
    /// - Throws: `tokenTooLarge`, `tokenMalformed`, `tokenHeaderMalformed`, `tokenHeaderCritical`,
    ///   `tokenHeaderWithKey`.
    package init(_ text: String) throws(OpenIDConnectError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumBytes else { throw .tokenTooLarge }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard
            parts.count == 3,
            let header = Base64URL.decode(parts[0]),
            let payload = Base64URL.decode(parts[1]),
            // May be empty: `alg` none is for the validator to refuse by its name.
            let signature = Base64URL.decode(parts[2])
        else { throw .tokenMalformed }

        guard
            let json = try? JSON.parse(header), json.objectValue != nil,
            let algorithm = json["alg"]?.stringValue
        else { throw .tokenHeaderMalformed }
        // We know no extension, so whatever is critical is unknown to us (RFC 7515 section 4.1.11). `b64` would
        // change what is signed (RFC 7797) and must be critical anyway.
        guard json["crit"] == nil, json["b64"] == nil else { throw .tokenHeaderCritical }
        for member in ["jwk", "jku", "x5u", "x5c"] where json[member] != nil {
            throw .tokenHeaderWithKey(member)
        }

        self.algorithm = algorithm
        keyID = try Self.optionalText(json["kid"])
        type = try Self.optionalText(json["typ"])
        raw = text
        signingInput = Array(bytes[..<parts[1].endIndex])
        self.signature = signature
        self.payload = payload
    }

    private static func optionalText(_ value: JSON?) throws(OpenIDConnectError) -> String? {
        guard let value else { return nil }
        guard let text = value.stringValue else { throw .tokenHeaderMalformed }
        return text
    }
}

extension UnverifiedToken: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tokens never print.
    package var description: String { "(unverified token)" }
    /// As `description`.
    package var debugDescription: String { description }
}
