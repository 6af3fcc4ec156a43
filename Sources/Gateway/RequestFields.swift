package import Access
package import NIOHTTP1

/// One pass over a request's fields: what each is, and the values the gateway itself needs.
///
/// A connection keeps one of these and reads each request into it, so that no request pays for its storage.
package final class RequestFields {
    /// What becomes of a field.
    package enum Kind: UInt8 {
        /// The application's business: forwarded as it is.
        case endToEnd
        /// Ends here (RFC 9110, 7.6.1), or is written anew by us.
        case dropped
        /// `Cookie`: forwarded without our own cookies.
        case cookie
        /// Names an identity or another thing that only we may say: removed, whoever sent it.
        case reserved
    }

    /// How the body is delimited (RFC 9112, 6.3).
    package enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    package private(set) var kinds: [Kind] = []
    package private(set) var framing = Framing.none
    package private(set) var host: String?
    /// All `Cookie` fields, in order.
    package private(set) var cookies: [String] = []
    package private(set) var forwardedFor: [String] = []
    package private(set) var requestID: String?
    package private(set) var accept: String?
    package private(set) var origin: String?
    private(set) var secFetchSite: String?
    private(set) var secFetchMode: String?
    private(set) var secFetchDest: String?
    private(set) var purpose: String?
    private(set) var requestedWith: String?
    package private(set) var hasUpgrade = false
    package private(set) var expectsContinue = false

    /// What only we may say.
    let reserved: ReservedNames

    package init(reserved: ReservedNames = .all) {
        self.reserved = reserved
    }

    /// Reads a request's fields. Refuses what could be read in two ways (security rule 5).
    package func read(_ head: HTTPRequestHead) throws(Fault) {
        self.reset()
        var hosts = 0
        var lengths = 0
        var encodings = 0
        var connectionNamesFields = false
        for (name, value) in head.headers {
            var kind = Kind.endToEnd
            switch FieldName(name) {
            case .host:
                hosts += 1
                self.host = value
                kind = .dropped
            case .cookie:
                self.cookies.append(value)
                kind = .cookie
            case .contentLength:
                lengths += 1
                guard let length = Self.decimal(value) else { throw .malformed("Content-Length is not a number") }
                self.framing = .length(length)
                kind = .dropped
            case .transferEncoding:
                encodings += 1
                guard equalIgnoringCase(value, "chunked") else { throw .malformed("a Transfer-Encoding other than chunked") }
                kind = .dropped
            case .connection:
                connectionNamesFields = connectionNamesFields || !Self.isPlainConnection(value)
                kind = .dropped
            case .upgrade:
                self.hasUpgrade = true
                kind = .dropped
            case .expect:
                guard equalIgnoringCase(value, "100-continue") else {
                    throw Fault(.downstream, .expectationFailed, "an expectation other than 100-continue")
                }
                self.expectsContinue = true
                kind = .dropped
            case .hopByHop: kind = .dropped
            case .requestID:
                self.requestID = value
                kind = .dropped
            case .forwardedFor:
                self.forwardedFor.append(value)
                kind = .reserved
            case .accept: self.accept = self.accept.map { $0 + "," + value } ?? value
            case .origin: self.origin = self.origin.map { $0 + "," + value } ?? value
            case .secFetchSite: self.secFetchSite = value
            case .secFetchMode: self.secFetchMode = value
            case .secFetchDest: self.secFetchDest = value
            case .purpose: self.purpose = value
            case .requestedWith: self.requestedWith = value
            case .other: if self.reserved.contains(name.utf8.span) { kind = .reserved }
            }
            self.kinds.append(kind)
        }
        guard hosts == 1 else { throw .malformed("no Host, or more than one") }
        if encodings > 0 {
            guard encodings == 1, lengths == 0, head.version == .http1_1 else {
                throw .malformed("Transfer-Encoding beside Content-Length, twice, or in HTTP/1.0")
            }
            self.framing = .chunked
        }
        guard lengths <= 1 else { throw .malformed("more than one Content-Length") }
        if connectionNamesFields { self.dropFieldsNamedByConnection(head.headers) }
    }

    /// Keeps storage, forgets values.
    private func reset() {
        self.kinds.removeAll(keepingCapacity: true)
        self.cookies.removeAll(keepingCapacity: true)
        self.forwardedFor.removeAll(keepingCapacity: true)
        self.framing = .none
        self.host = nil
        self.requestID = nil
        self.accept = nil
        self.origin = nil
        self.secFetchSite = nil
        self.secFetchMode = nil
        self.secFetchDest = nil
        self.purpose = nil
        self.requestedWith = nil
        self.hasUpgrade = false
        self.expectsContinue = false
    }

    /// `Connection: X` makes X hop-by-hop. Fields of ours are set later, so nobody can name those away.
    private func dropFieldsNamedByConnection(_ headers: HTTPHeaders) {
        let named = headers[canonicalForm: "connection"]
        for (index, field) in headers.enumerated() where self.kinds[index] != .dropped {
            let isNamed = named.contains { equalIgnoringCase($0, field.name) }
            if isNamed { self.kinds[index] = .dropped }
        }
    }

    static func isPlainConnection(_ value: String) -> Bool {
        equalIgnoringCase(value, "keep-alive") || equalIgnoringCase(value, "close")
    }

    /// A non-negative decimal number without sign, space or overflow.
    package static func decimal(_ text: String) -> Int? {
        var result = 0
        guard !text.isEmpty else { return nil }
        for byte in text.utf8 {
            guard (48...57).contains(byte) else { return nil }
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte - 48))
            guard !overflow, !carry else { return nil }
            result = sum
        }
        return result
    }
}

/// The request fields the gateway knows by name.
private enum FieldName {
    case host, cookie, contentLength, transferEncoding, connection, upgrade, expect, hopByHop, requestID, forwardedFor
    case accept, origin, secFetchSite, secFetchMode, secFetchDest, purpose, requestedWith, other

    /// By length first: most names are told apart without reading them.
    init(_ name: String) {
        func isName(_ candidate: String) -> Bool { equalIgnoringCase(name, candidate) }
        switch name.utf8.count {
        case 2: self = isName("te") ? .hopByHop : .other
        case 4: self = isName("host") ? .host : .other
        case 6:
            self = isName("cookie") ? .cookie : isName("accept") ? .accept : isName("origin") ? .origin
                : isName("expect") ? .expect : .other
        case 7: self = isName("upgrade") ? .upgrade : isName("trailer") ? .hopByHop : isName("purpose") ? .purpose : .other
        case 10: self = isName("connection") ? .connection : isName("keep-alive") ? .hopByHop : .other
        case 11: self = isName("sec-purpose") ? .purpose : .other
        case 12: self = isName("x-request-id") ? .requestID : .other
        case 14:
            self = isName("content-length") ? .contentLength : isName("sec-fetch-site") ? .secFetchSite
                : isName("sec-fetch-mode") ? .secFetchMode : isName("sec-fetch-dest") ? .secFetchDest
                : isName("http2-settings") ? .hopByHop : .other
        case 15: self = isName("x-forwarded-for") ? .forwardedFor : .other
        case 16:
            self = isName("proxy-connection") ? .hopByHop : isName("x-requested-with") ? .requestedWith : .other
        case 17: self = isName("transfer-encoding") ? .transferEncoding : .other
        case 18: self = isName("proxy-authenticate") ? .hopByHop : .other
        case 19: self = isName("proxy-authorization") ? .hopByHop : .other
        default: self = .other
        }
    }
}
