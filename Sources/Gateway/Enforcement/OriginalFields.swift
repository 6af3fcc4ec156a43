package import Access

/// The fields in which a front proxy writes down the request it asks about, collected in one pass over the head.
///
/// They are handed over one by one, so that it does not matter what decoded them.
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

        /// By length first: most fields are told apart without reading their names.
        fileprivate init?(_ name: Span<UInt8>) {
            switch name.count {
            case 14 where equalIgnoringCase(name, "x-original-url"): self = .originalURL
            case 14 where equalIgnoringCase(name, "x-original-uri"): self = .originalURI
            case 15 where equalIgnoringCase(name, "x-forwarded-uri"): self = .forwardedURI
            case 16 where equalIgnoringCase(name, "x-forwarded-host"): self = .forwardedHost
            case 17 where equalIgnoringCase(name, "x-original-method"): self = .originalMethod
            case 17 where equalIgnoringCase(name, "x-forwarded-proto"): self = .forwardedProto
            case 18 where equalIgnoringCase(name, "x-forwarded-method"): self = .forwardedMethod
            default: return nil
            }
        }
    }

    private var values = InlineArray<7, String?>(repeating: nil)
    private var doubled: Name?
    private var folded: String?

    package init() {}

    /// One field of the check's head. Only values that matter become texts.
    package mutating func note(_ name: Span<UInt8>, reserved: ReservedNames = .all, value: () -> String) {
        if let known = Name(name) {
            if self.values[known.rawValue] != nil { self.doubled = known }
            self.values[known.rawValue] = value()
        } else if Self.isFolded(name), reserved.contains(name) {
            var text: [UInt8] = []
            for index in name.indices { text.append(name[index]) }
            self.folded = String(decoding: text, as: UTF8.self)
        }
    }

    /// The same for a field that is a text already.
    package mutating func note(_ name: String, _ value: String) {
        self.note(name.utf8.span) { value }
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
