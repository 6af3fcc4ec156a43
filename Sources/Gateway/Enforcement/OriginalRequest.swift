package import Access

/// A host as a front proxy writes it, and what that means: the same text means the same again.
///
/// A class, because it never changes and is handed from request to request.
package final class NamedHost: Sendable {
    private let bytes: [UInt8]
    let authority: Authority

    private init(_ bytes: [UInt8], _ authority: Authority) {
        self.bytes = bytes
        self.authority = authority
    }

    private func isNamed(_ text: Span<UInt8>) -> Bool {
        let bytes = self.bytes
        return equal(text, bytes.span)
    }

    /// - Parameter known: one that has been read before, for the same scheme.
    static func read(_ text: Span<UInt8>, scheme: Scheme, known: NamedHost?) throws(CheckRefusal) -> NamedHost {
        if let known, known.isNamed(text) { return known }
        let bytes = text.indices.map { text[$0] }
        do {
            return NamedHost(bytes, try Authority(String(decoding: bytes, as: UTF8.self), scheme: scheme))
        } catch {
            throw .malformed(.forwardedHost, error.description)
        }
    }
}

/// The one request that a front proxy asks about (security rule 3): built from what the proxy says and from nothing else,
/// with no default for what it does not say.
package struct OriginalRequest {
    package let method: String
    package let target: RequestTarget
    package var authority: Authority { self.host.authority }
    /// The target as the browser has spelt it, for all that the proxy tells.
    package let spelling: String
    let host: NamedHost
    /// From which fields it was read: those need no second look.
    private let sources: (method: OriginalFields.Name?, hasHost: Bool, target: OriginalFields.Name?)

    /// - Parameters:
    ///   - scheme: as browsers use it, by configuration; `proto` has to agree.
    ///   - known: a host that has been read before, for the same scheme.
    package init(
        method: String,
        methodName: OriginalFields.Name?,
        proto: String,
        host: String,
        target: String,
        targetName: OriginalFields.Name?,
        scheme: Scheme,
        known: NamedHost? = nil
    ) throws(CheckRefusal) {
        try Self.check(method, methodName)
        try Self.check(proto.utf8.span, scheme)
        self.method = method
        self.host = try NamedHost.read(host.utf8.span, scheme: scheme, known: known)
        self.target = try Self.read(target, targetName)
        self.spelling = target
        self.sources = (nil, false, nil)
    }

    /// From fields alone: these two, and `X-Forwarded-Proto` and `X-Forwarded-Host`.
    init(
        _ fields: OriginalFields,
        method: OriginalFields.Name,
        target: OriginalFields.Name,
        scheme: Scheme,
        known: NamedHost?
    ) throws(CheckRefusal) {
        self.method = try fields.required(method)
        try fields.demand(.forwardedProto)
        try fields.demand(.forwardedHost)
        try fields.demand(target)
        try Self.check(self.method, method)
        try fields.required(.forwardedProto) { value throws(CheckRefusal) in try Self.check(value, scheme) }
        self.host = try fields.required(.forwardedHost) { value throws(CheckRefusal) in
            try NamedHost.read(value, scheme: scheme, known: known)
        }
        self.spelling = try fields.required(target)
        self.target = try Self.read(self.spelling, target)
        self.sources = (method, true, target)
    }

    private static func check(_ method: String, _ name: OriginalFields.Name?) throws(CheckRefusal) {
        guard Self.isMethod(method) else { throw .malformed(name, "not a method") }
        // A tunnel is not ours to open, and a TRACE would show scripts the fields that are added.
        guard !method.isExactly("CONNECT"), !method.isExactly("TRACE") else { throw .tunnelOrMirror }
    }

    private static func check(_ proto: Span<UInt8>, _ scheme: Scheme) throws(CheckRefusal) {
        guard let said = Self.scheme(proto) else { throw .malformed(.forwardedProto, "neither http nor https") }
        guard said == scheme else { throw .wrongScheme(found: said, configured: scheme) }
    }

    private static func read(_ target: String, _ name: OriginalFields.Name?) throws(CheckRefusal) -> RequestTarget {
        do {
            return try RequestTarget(target)
        } catch {
            throw .malformed(name, error.description)
        }
    }

    /// Whether everything else that is said means this same request. A field that the proxy has not set may have come
    /// from the browser: where two are at odds, one of them is a lie.
    package func confirm(_ fields: OriginalFields, scheme: Scheme) throws(CheckRefusal) {
        try self.confirmMethod(fields, .originalMethod)
        try self.confirmMethod(fields, .forwardedMethod)
        try self.confirmTarget(fields, .originalURI)
        try self.confirmTarget(fields, .forwardedURI)
        if !self.sources.hasHost {
            if let proto = fields[.forwardedProto], Self.scheme(proto.utf8.span) != scheme {
                throw .contradictory(.forwardedProto)
            }
            if let host = fields[.forwardedHost], (try? Authority(host, scheme: scheme)) != self.authority {
                throw .contradictory(.forwardedHost)
            }
        }
        if let url = fields[.originalURL] {
            guard let (named, authority, uri) = try? RequestTarget.split(absolute: url), named == scheme,
                authority == self.authority, let target = try? RequestTarget(uri), self.isTarget(target)
            else { throw .contradictory(.originalURL) }
        }
    }

    private func confirmMethod(_ fields: OriginalFields, _ name: OriginalFields.Name) throws(CheckRefusal) {
        guard name != self.sources.method, let method = fields[name] else { return }
        guard method.isExactly(self.method) else { throw .contradictory(name) }
    }

    private func confirmTarget(_ fields: OriginalFields, _ name: OriginalFields.Name) throws(CheckRefusal) {
        guard name != self.sources.target, let uri = fields[name] else { return }
        guard let target = try? RequestTarget(uri), self.isTarget(target) else { throw .contradictory(name) }
    }

    private func isTarget(_ target: RequestTarget) -> Bool {
        self.target.text.isExactly(target.text)
    }

    /// `ws` and `wss` are what Traefik calls the same of a WebSocket.
    private static func scheme(_ bytes: Span<UInt8>) -> Scheme? {
        if equalIgnoringCase(bytes, "https") || equalIgnoringCase(bytes, "wss") { return .https }
        if equalIgnoringCase(bytes, "http") || equalIgnoringCase(bytes, "ws") { return .http }
        return nil
    }

    /// A token (RFC 9110, 9.1) of letters and hyphens, as every registered method is.
    private static func isMethod(_ text: String) -> Bool {
        guard (1...32).contains(text.utf8.count) else { return false }
        for byte in text.utf8 where (byte | 0x20) &- 0x61 >= 26 && byte != UInt8(ascii: "-") { return false }
        return true
    }
}
