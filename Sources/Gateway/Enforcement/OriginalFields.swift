package import Access

/// The fields in which a front proxy writes down the request it asks about: where they stand in the head, which
/// `RequestHead` notes when it reads it. Most are only compared, so that few become texts.
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

    /// Where the values stand.
    struct Places {
        /// An empty one at the beginning stands for none: no value stands there.
        private var ranges = InlineArray<7, Range<UInt32>>(repeating: 0..<0)
        fileprivate private(set) var doubled: Name?

        mutating func note(_ name: Name, _ value: Range<Int>) {
            if self.ranges[name.rawValue].upperBound > 0 { self.doubled = name }
            self.ranges[name.rawValue] = UInt32(value.lowerBound)..<UInt32(value.upperBound)
        }

        fileprivate subscript(name: Name) -> Range<Int>? {
            let range = self.ranges[name.rawValue]
            return range.upperBound > 0 ? Int(range.lowerBound)..<Int(range.upperBound) : nil
        }
    }

    private var bytes: [UInt8]
    private var places: Places
    private var unremoved: String?

    init(_ places: Places, in bytes: [UInt8]) {
        self.places = places
        self.bytes = bytes
    }

    package init() {
        // So that no value stands at the beginning.
        self.init(Places(), in: [0])
    }

    /// The name of another field that is reserved: it is not overlooked, unless fronts are known to take it away in
    /// this very spelling.
    mutating func note(reserved name: Span<UInt8>, removed: ReservedNames) {
        guard !removed.contains(name) else { return }
        var text: [UInt8] = []
        for index in name.indices { text.append(name[index]) }
        self.unremoved = String(decoding: text, as: UTF8.self)
    }

    /// Any field, from texts, as it would come out of a head.
    ///
    /// - Parameter removed: what the proxy takes away itself.
    package mutating func note(_ name: String, _ value: String, removed: ReservedNames) {
        let bytes = name.utf8.span
        if let known = Name(RequestFieldName(bytes)) {
            self.places.note(known, self.bytes.count..<self.bytes.count + value.utf8.count)
            self.bytes.append(contentsOf: value.utf8)
        } else if ReservedNames.all.contains(bytes) {
            self.note(reserved: bytes, removed: removed)
        }
    }

    /// Refuses what no honest request brings: a field that stands twice, and an identity's field that proxies let
    /// through. Either it is in a spelling that CGI and WSGI read as the genuine one, or of a family of which proxies
    /// know the usual names alone.
    package func check() throws(CheckRefusal) {
        if let doubled = self.places.doubled { throw .doubled(doubled) }
        guard let unremoved else { return }
        throw Self.isFolded(unremoved.utf8.span) ? .foldedName(unremoved) : .unremovedName(unremoved)
    }

    package subscript(name: Name) -> String? {
        self.places[name].map { String(decoding: self.bytes[$0], as: UTF8.self) }
    }

    package func required(_ name: Name) throws(CheckRefusal) -> String {
        let place = try self.place(name)
        if let method = RequestHead.method(self.bytes.span.extracting(place)) { return method }
        return String(decoding: self.bytes[place], as: UTF8.self)
    }

    /// Calls the body with the bytes of a value.
    func required<Value>(
        _ name: Name,
        _ body: (Span<UInt8>) throws(CheckRefusal) -> Value
    ) throws(CheckRefusal) -> Value {
        try body(self.bytes.span.extracting(try self.place(name)))
    }

    /// There has to be such a field, and something in it.
    func demand(_ name: Name) throws(CheckRefusal) {
        _ = try self.place(name)
    }

    private func place(_ name: Name) throws(CheckRefusal) -> Range<Int> {
        guard let place = self.places[name], !place.isEmpty else { throw .missing(name) }
        return place
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
