import Access

/// The fields in which a front proxy writes down the request it asks about, collected in one pass over the head.
///
/// `RequestHead.note(in:)` hands them over one by one.
package struct OriginalFields {
    /// What a proxy can tell, by the name it tells it under.
    package enum Name: Int, Sendable, CaseIterable {
        case originalURL
        case originalURI
        case originalMethod
        case forwardedMethod
        case forwardedProto
        case forwardedHost
        case forwardedURI

        /// As it is written.
        package var text: String {
            switch self {
            case .originalURL: "X-Original-URL"
            case .originalURI: "X-Original-URI"
            case .originalMethod: "X-Original-Method"
            case .forwardedMethod: "X-Forwarded-Method"
            case .forwardedProto: "X-Forwarded-Proto"
            case .forwardedHost: "X-Forwarded-Host"
            case .forwardedURI: "X-Forwarded-Uri"
            }
        }

        /// What the field is that a head's reader has told apart; `nil` for those that tell nothing of this kind.
        init?(_ name: RequestFieldName) {
            switch name {
            case .originalURL: self = .originalURL
            case .originalURI: self = .originalURI
            case .originalMethod: self = .originalMethod
            case .forwardedMethod: self = .forwardedMethod
            case .forwardedProto: self = .forwardedProto
            case .forwardedHost: self = .forwardedHost
            case .forwardedURI: self = .forwardedURI
            default: return nil
            }
        }
    }

    private var values = InlineArray<7, String?>(repeating: nil)
    private var doubled: Name?
    private var folded: String?

    package init() {}

    /// One of the fields that tell something.
    mutating func note(_ name: Name, _ value: String) {
        if self.values[name.rawValue] != nil { self.doubled = name }
        self.values[name.rawValue] = value
    }

    /// The name of another field: one that is reserved once it has been folded is not overlooked.
    mutating func note(other name: Span<UInt8>, reserved: ReservedNames) {
        guard Self.isFolded(name), reserved.contains(name) else { return }
        var text: [UInt8] = []
        for index in name.indices { text.append(name[index]) }
        self.folded = String(decoding: text, as: UTF8.self)
    }

    /// Any field, from texts, as it would come out of a head.
    package mutating func note(_ name: String, _ value: String) {
        let bytes = name.utf8.span
        if let known = Name(RequestFieldName(bytes)) {
            self.note(known, value)
        } else {
            self.note(other: bytes, reserved: .all)
        }
    }

    /// Refuses what no honest request brings: a field that stands twice, and an identity's field in a spelling that
    /// CGI and WSGI read as the genuine one while proxies, which were told the genuine one, let it through.
    package func check() throws(CheckRefusal) {
        if let doubled { throw .doubled(doubled) }
        if let folded { throw .foldedName(folded) }
    }

    package subscript(name: Name) -> String? { self.values[name.rawValue] }

    package func required(_ name: Name) throws(CheckRefusal) -> String {
        guard let value = self.values[name.rawValue], !value.isEmpty else { throw .missing(name) }
        return value
    }

    /// Whether a name has bytes which CGI folds into others.
    private static func isFolded(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices {
            let byte = bytes[index]
            let isPlain = (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "-")
            if !isPlain { return true }
        }
        return false
    }
}
