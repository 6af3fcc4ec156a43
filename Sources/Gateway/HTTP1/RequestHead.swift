package import Access
package import NIOCore
import NIOHTTP1

/// A request's head: its bytes as they came, what each field is, and the values the gateway itself needs.
///
/// A connection keeps one of these and reads each request into it, so that no request pays for its storage.
package final class RequestHead {
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

    /// What has been understood of a head: changed at once, since each change of its own would be checked.
    private struct Meaning {
        var framing = Framing.none
        var hasUpgrade = false
        var expectsContinue = false
        var method = ""
        var isHTTP10 = false
        var keepAlive = false
        /// A bit for each name there is: most are asked for in vain.
        var present: UInt32 = 0
        var target: Range<Int> = 0..<0
        var told = OriginalFields.Places()
        var hasOtherReserved = false
    }

    package private(set) var kinds: [Kind] = []
    private var names: [RequestFieldName] = []
    private let limits: HeadReader.Limits
    private var reader: HeadReader
    private var meaning = Meaning()

    package var framing: Framing { self.meaning.framing }
    package var hasUpgrade: Bool { self.meaning.hasUpgrade }
    package var expectsContinue: Bool { self.meaning.expectsContinue }
    /// As HTTP writes it; compared by case (RFC 9110, 9.1).
    package var method: String { self.meaning.method }
    package var isHTTP10: Bool { self.meaning.isHTTP10 }
    /// Whether the browser would send another request on this connection.
    package var keepAlive: Bool { self.meaning.keepAlive }

    /// What only we may say.
    let reserved: ReservedNames

    package init(limits: HeadReader.Limits, reserved: ReservedNames = .all) {
        self.limits = limits
        self.reader = HeadReader(limits: limits)
        self.reserved = reserved
    }

    /// Takes what belongs to the head out of the buffer. Returns whether the head is complete.
    package func read(_ buffer: inout ByteBuffer) throws(MessageError) -> Bool {
        try self.withReader { reader throws(MessageError) in try reader.read(&buffer) }
    }

    /// Keeps storage, forgets values. Before each head.
    package func reset() {
        self.withReader { $0.reset() }
        var (kinds, names): ([Kind], [RequestFieldName]) = ([], [])
        swap(&kinds, &self.kinds)
        swap(&names, &self.names)
        kinds.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
        (self.kinds, self.names) = (kinds, names)
        self.meaning = Meaning()
    }

    /// Takes the reader out while it works: what is only ever swapped need not be checked at each of its many uses.
    private func withReader<Value, Failure: Error>(
        _ body: (inout HeadReader) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var reader = HeadReader(limits: self.limits)
        swap(&reader, &self.reader)
        defer { swap(&reader, &self.reader) }
        return try body(&reader)
    }

    /// Whether a part of a head has come.
    var hasBegun: Bool { !self.reader.isEmpty }

    var isHEAD: Bool { self.method.isExactly("HEAD") }

    /// As it stands in the request line.
    package var targetText: String { self.text(self.meaning.target) }

    /// Which check the target is, if any.
    func checkMode(_ paths: CheckPaths) -> CheckMode? {
        let storage = self.reader.bytes
        return paths.mode(of: storage.span.extracting(self.meaning.target))
    }

    // MARK: Understanding

    /// Reads a complete head. Refuses what could be read in two ways (security rule 5).
    package func understand() throws(Fault) {
        var meaning = Meaning()
        // What could be understood counts for the refusal, too.
        defer { self.meaning = meaning }
        try self.readRequestLine(&meaning)
        var count = Counts()
        let storage = self.reader.bytes
        let bytes = storage.span
        // Filled here and not where they are kept: that would be asked for anew, and checked, with each field.
        var (names, kinds) = (self.names, self.kinds)
        (self.names, self.kinds) = ([], [])
        var present: UInt32 = 0
        for field in self.reader.fields {
            let name = RequestFieldName(bytes.extracting(field.name))
            names.append(name)
            present |= 1 << UInt32(name.rawValue)
            kinds.append(try self.kind(of: name, field, bytes, &meaning, &count))
        }
        (self.names, self.kinds, meaning.present) = (names, kinds, present)
        guard count.hosts == 1 else { throw .malformed("no Host, or more than one") }
        if count.encodings > 0 {
            guard count.encodings == 1, count.lengths == 0, !meaning.isHTTP10 else {
                throw .malformed("Transfer-Encoding beside Content-Length, twice, or in HTTP/1.0")
            }
            meaning.framing = .chunked
        }
        guard count.lengths <= 1 else { throw .malformed("more than one Content-Length") }
        meaning.keepAlive = !count.asksToClose && (count.asksToKeep || !meaning.isHTTP10)
        // By the names, for what is present has not been written down yet.
        if count.connectionNamesFields { self.dropFieldsNamedByConnection() }
    }

    private struct Counts {
        var hosts = 0
        var lengths = 0
        var encodings = 0
        var asksToClose = false
        var asksToKeep = false
        var connectionNamesFields = false
    }

    private func kind(
        of name: RequestFieldName,
        _ field: FieldLine,
        _ bytes: Span<UInt8>,
        _ meaning: inout Meaning,
        _ count: inout Counts
    ) throws(Fault) -> Kind {
        switch name {
        case .other:
            guard self.reserved.contains(bytes.extracting(field.name)) else { return .endToEnd }
            meaning.hasOtherReserved = true
            return .reserved
        case .accept, .origin, .secFetchSite, .secFetchMode, .secFetchDest, .purpose, .requestedWith: return .endToEnd
        case .traceParent, .traceState, .authorization: return .endToEnd
        case .cookie: return .cookie
        case .forwardedFor: return .reserved
        case .originalURL, .originalURI, .originalMethod,
            .forwardedMethod, .forwardedProto, .forwardedHost, .forwardedURI:
            if let told = OriginalFields.Name(name) { meaning.told.note(told, field.value) }
            return .reserved
        case .host: count.hosts += 1
        case .contentLength:
            count.lengths += 1
            guard let length = decimal(bytes.extracting(field.value)) else {
                throw .malformed("Content-Length is not a number")
            }
            meaning.framing = .length(length)
        case .transferEncoding:
            count.encodings += 1
            guard equalIgnoringCase(bytes.extracting(field.value), "chunked") else {
                throw .malformed("a Transfer-Encoding other than chunked")
            }
        case .connection:
            let value = bytes.extracting(field.value)
            if equalIgnoringCase(value, "close") {
                count.asksToClose = true
            } else if equalIgnoringCase(value, "keep-alive") {
                count.asksToKeep = true
            } else {
                count.connectionNamesFields = true
                let options = self.text(field.value).split(separator: ",").map(\.trimmingSpaces)
                if options.contains(where: { equalIgnoringCase($0, "close") }) { count.asksToClose = true }
                if options.contains(where: { equalIgnoringCase($0, "keep-alive") }) { count.asksToKeep = true }
            }
        case .upgrade: meaning.hasUpgrade = true
        case .expect:
            guard equalIgnoringCase(bytes.extracting(field.value), "100-continue") else {
                throw Fault(.downstream, .expectationFailed, "an expectation other than 100-continue")
            }
            meaning.expectsContinue = true
        case .hopByHop, .requestID: break
        }
        return .dropped
    }

    /// `method SP request-target SP HTTP-version`, with one space each (RFC 9112, 3).
    private func readRequestLine(_ meaning: inout Meaning) throws(Fault) {
        let storage = self.reader.bytes
        let bytes = storage.span
        let end = self.reader.startLineEnd
        var index = self.reader.startLineStart
        let start = index
        while index < end, isTokenByte(bytes[index]) { index += 1 }
        let methodEnd = index
        guard index < end, bytes[index] == 0x20, methodEnd - start <= 32 else { throw .malformed("not a method") }
        index += 1
        let targetStart = index
        while index < end, bytes[index] > 0x20, bytes[index] < 0x7F { index += 1 }
        guard index < end, bytes[index] == 0x20, index > targetStart else { throw .malformed("not a request target") }
        meaning.target = targetStart..<index
        let version = bytes.extracting(index + 1..<end)
        guard version.count == 8, equal(version.extracting(0..<7), "HTTP/1.") else { throw .malformed("not HTTP/1") }
        switch version[7] {
        case UInt8(ascii: "1"): meaning.isHTTP10 = false
        case UInt8(ascii: "0"): meaning.isHTTP10 = true
        default: throw .malformed("neither HTTP/1.0 nor HTTP/1.1")
        }
        meaning.method = Self.method(bytes.extracting(start..<methodEnd)) ?? self.text(start..<methodEnd)
    }

    /// The usual ones without making a string.
    static func method(_ bytes: Span<UInt8>) -> String? {
        if equal(bytes, "GET") { return "GET" }
        if equal(bytes, "POST") { return "POST" }
        return nil
    }

    /// `Connection: X` makes X hop-by-hop. Fields of ours are set later, so nobody can name those away.
    private func dropFieldsNamedByConnection() {
        let named = self.all(.connection).flatMap {
            $0.split(separator: ",").map { String($0.trimmingSpaces).lowercased() }
        }
        let storage = self.reader.bytes
        let bytes = storage.span
        for (index, field) in self.reader.fields.enumerated() where self.kinds[index] != .dropped {
            let name = bytes.extracting(field.name)
            if named.contains(where: { equalIgnoringCase(name, $0) }) { self.kinds[index] = .dropped }
        }
    }

    // MARK: Values

    /// Where a front proxy's words stand.
    var told: OriginalFields.Places { self.meaning.told }
    /// Whether there is a field that only we may set and that is not known by name.
    var hasOtherReserved: Bool { self.meaning.hasOtherReserved }
    var bytes: [UInt8] { self.reader.bytes }
    var fields: [FieldLine] { self.reader.fields }

    /// The values of all fields of a name, in order, as one list (RFC 9110, 5.3); `nil` when there is none.
    func joined(_ name: RequestFieldName) -> String? {
        guard self.has(name) else { return nil }
        var value: String?
        for index in self.names.indices where self.names[index] == name {
            let next = self.text(self.reader.fields[index].value)
            value = value.map { $0 + "," + next } ?? next
        }
        return value
    }

    func all(_ name: RequestFieldName) -> [String] {
        self.names.indices.filter { self.names[$0] == name }.map { self.text(self.reader.fields[$0].value) }
    }

    func name(at index: Int) -> RequestFieldName { self.names[index] }

    /// Whether there is a field of this name.
    func has(_ name: RequestFieldName) -> Bool { self.meaning.present >> UInt32(name.rawValue) & 1 == 1 }

    /// The values of all fields of a name that is nobody's but the caller's; `name` in lower case.
    package func values(named name: String) -> [String] {
        let storage = self.reader.bytes
        let bytes = storage.span
        var values: [String] = []
        for field in self.reader.fields where equalIgnoringCase(bytes.extracting(field.name), name) {
            values.append(self.text(field.value))
        }
        return values
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: self.reader.bytes[range], as: UTF8.self)
    }

    /// Calls the body with each field whose name is this one, without making a string of its value.
    func forEach(_ name: RequestFieldName, _ body: (Span<UInt8>) -> Void) {
        let storage = self.reader.bytes
        let bytes = storage.span
        for index in self.names.indices where self.names[index] == name {
            body(bytes.extracting(self.reader.fields[index].value))
        }
    }
}

@available(*, unavailable)
extension RequestHead: Sendable {}
