/// The header fields that carry an identity to an upstream: ours are set, everybody else's are stripped.
package enum IdentityFields {
    /// Bytes of all names and values together, as they go out.
    package static let maximumSize = 8 << 10

    /// Whether a request field of this name is removed, whoever sent it.
    package static func isReserved(_ name: String) -> Bool {
        ReservedNames.all.contains(name.utf8.span)
    }

    /// An identity as header fields. What an identity lacks has no field. Throws `tooLarge` beyond `maximumSize`.
    ///
    /// Values are UTF-8. `%`, control characters, spaces at either end, and the comma inside a role are
    /// percent-encoded: two identities never look alike, and one role never looks like two.
    package static func rendered(
        for identity: Identity,
        maximumSize: Int = IdentityFields.maximumSize
    ) throws(IdentityFieldsError) -> [(name: String, value: String)] {
        var fields = [(name: "X-Forwarded-User", value: FieldText.escaped(identity.subject))]
        if let email = identity.email { fields.append(("X-Forwarded-Email", FieldText.escaped(email))) }
        if let username = identity.preferredUsername {
            fields.append(("X-Forwarded-Preferred-Username", FieldText.escaped(username)))
        }
        if let name = identity.name { fields.append(("X-Forwarded-Name", FieldText.escaped(name))) }
        let groups = FieldText.joined(identity.roles)
        if !groups.isEmpty { fields.append(("X-Forwarded-Groups", groups)) }
        var size = 0
        for (name, value) in fields {
            size += name.utf8.count + value.utf8.count + 4
            guard size <= maximumSize else { throw .tooLarge }
        }
        return fields
    }
}

extension IdentityFields {
    /// The same fields for the answer to a check: each once more as `X-Auth-Request-…`, the names which oauth2-proxy has
    /// taught the configurations of proxies. They do not count twice.
    package static func checked(
        for identity: Identity,
        maximumSize: Int = IdentityFields.maximumSize
    ) throws(IdentityFieldsError) -> [(name: String, value: String)] {
        let prefix = "X-Forwarded-"
        let fields = try self.rendered(for: identity, maximumSize: maximumSize)
        return fields.flatMap { field -> [(name: String, value: String)] in
            guard field.name.utf8.starts(with: prefix.utf8) else { return [field] }
            let name = "X-Auth-Request-" + String(Substring(field.name.utf8.dropFirst(prefix.utf8.count)))
            return [field, (name, field.value)]
        }
    }
}

/// Why an identity cannot be told to an upstream.
package enum IdentityFieldsError: Error, Sendable, CustomStringConvertible {
    /// More than `IdentityFields.maximumSize`. Nothing is cut: half an identity is another one.
    case tooLarge
    /// A field that the route must have has no value.
    case missing(String)

    /// Safe to show and to log.
    package var description: String {
        switch self {
        case .tooLarge: "the identity is too large for header fields"
        case .missing(let name): "there is no value for the required field \(name)"
        }
    }
}

/// Text of strangers as the value of a header field.
private enum FieldText {
    static func escaped(_ text: String) -> String {
        guard Self.needsEscape(text.utf8.span, comma: false) else { return text }
        var bytes: [UInt8] = []
        Self.append(text, comma: false, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func joined(_ roles: [String]) -> String {
        var bytes: [UInt8] = []
        for role in roles where !role.isEmpty {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
            Self.append(role, comma: true, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ text: String, comma: Bool, to bytes: inout [UInt8]) {
        let source = text.utf8.span
        for index in source.indices {
            if Self.needsEscape(source, at: index, comma: comma) {
                source[index].appendEscape(to: &bytes)
            } else {
                bytes.append(source[index])
            }
        }
    }

    private static func needsEscape(_ bytes: Span<UInt8>, comma: Bool) -> Bool {
        for index in bytes.indices where Self.needsEscape(bytes, at: index, comma: comma) { return true }
        return false
    }

    private static func needsEscape(_ bytes: Span<UInt8>, at index: Int, comma: Bool) -> Bool {
        switch bytes[index] {
        case 0..<0x20, 0x7F, UInt8(ascii: "%"): true
        case UInt8(ascii: ","): comma
        // HTTP drops spaces at the ends of a value.
        case 0x20: index == 0 || index == bytes.count - 1
        // U+0080 to U+009F are controls too: C2, and then 80 to 9F.
        case 0xC2: index + 1 < bytes.count && bytes[index + 1] < 0xA0
        case 0x80..<0xA0: index > 0 && bytes[index - 1] == 0xC2
        default: false
        }
    }
}
