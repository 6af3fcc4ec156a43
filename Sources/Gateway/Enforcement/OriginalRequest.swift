package import Access

/// A host as a front proxy writes it, and what that means: the same text means the same again.
package struct NamedHost {
    let text: String
    let authority: Authority
}

/// The one request that a front proxy asks about (security rule 3): built from what the proxy says and from nothing else,
/// with no default for what it does not say.
package struct OriginalRequest {
    package let method: String
    package let target: RequestTarget
    package var authority: Authority { self.host.authority }
    let host: NamedHost
    /// As the proxy wrote them.
    private let given: (proto: String, target: String)

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
        guard Self.isMethod(method) else { throw .malformed(methodName, "not a method") }
        // A tunnel is not ours to open, and a TRACE would show scripts the fields that are added.
        guard !method.isExactly("CONNECT"), !method.isExactly("TRACE") else {
            throw .tunnelOrMirror
        }
        guard let said = Self.scheme(proto) else { throw .malformed(.forwardedProto, "neither http nor https") }
        guard said == scheme else { throw .wrongScheme(found: said, configured: scheme) }
        self.method = method
        self.given = (proto, target)
        if let known, known.text.isExactly(host) {
            self.host = known
        } else {
            do {
                self.host = NamedHost(text: host, authority: try Authority(host, scheme: scheme))
            } catch {
                throw .malformed(.forwardedHost, error.description)
            }
        }
        do {
            self.target = try RequestTarget(target)
        } catch {
            throw .malformed(targetName, error.description)
        }
    }

    /// Whether everything else that is said means this same request. A field that the proxy has not set may have come
    /// from the browser: where two are at odds, one of them is a lie.
    package func confirm(_ fields: OriginalFields, scheme: Scheme) throws(CheckRefusal) {
        try self.confirmMethod(fields, .originalMethod)
        try self.confirmMethod(fields, .forwardedMethod)
        try self.confirmTarget(fields, .originalURI)
        try self.confirmTarget(fields, .forwardedURI)
        if let proto = fields[.forwardedProto], !proto.isExactly(self.given.proto), Self.scheme(proto) != scheme {
            throw .contradictory(.forwardedProto)
        }
        if let host = fields[.forwardedHost], !host.isExactly(self.host.text),
            (try? Authority(host, scheme: scheme)) != self.authority
        {
            throw .contradictory(.forwardedHost)
        }
        if let url = fields[.originalURL] {
            guard let (named, authority, uri) = try? RequestTarget.split(absolute: url), named == scheme,
                authority == self.authority, let target = try? RequestTarget(uri), self.isTarget(target)
            else { throw .contradictory(.originalURL) }
        }
    }

    private func confirmMethod(_ fields: OriginalFields, _ name: OriginalFields.Name) throws(CheckRefusal) {
        guard fields[name]?.isExactly(self.method) ?? true else { throw .contradictory(name) }
    }

    private func confirmTarget(_ fields: OriginalFields, _ name: OriginalFields.Name) throws(CheckRefusal) {
        // Mostly it is the very text that has just been read.
        guard let uri = fields[name], !uri.isExactly(self.given.target) else { return }
        guard let target = try? RequestTarget(uri), self.isTarget(target) else { throw .contradictory(name) }
    }

    private func isTarget(_ target: RequestTarget) -> Bool {
        self.target.text.isExactly(target.text)
    }

    /// `ws` and `wss` are what Traefik calls the same of a WebSocket.
    private static func scheme(_ text: String) -> Scheme? {
        let bytes = text.utf8.span
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
