package import NIOCore

/// A response's head: its bytes as they came from the upstream, and what each field is.
///
/// An upstream connection keeps one of these and reads each response into it.
package final class ResponseHead {
    /// The response fields the gateway knows by name.
    package enum FieldName: UInt8 {
        case hopByHop, connection, transferEncoding, contentLength, setCookie, caching, trailer, other

        init(_ name: Span<UInt8>) {
            func isName(_ candidate: String) -> Bool { equalIgnoringCase(name, candidate) }
            switch name.count {
            case 6: self = isName("pragma") ? .caching : .other
            case 7:
                self =
                    isName("expires") ? .caching : isName("upgrade") ? .hopByHop : isName("trailer") ? .trailer : .other
            case 10:
                self =
                    isName("set-cookie")
                    ? .setCookie
                    : isName("connection")
                        ? .connection
                        : isName("keep-alive") ? .hopByHop : .other
            case 12: self = isName("x-request-id") ? .hopByHop : .other
            case 13: self = isName("cache-control") ? .caching : .other
            case 14: self = isName("content-length") ? .contentLength : .other
            case 16: self = isName("proxy-connection") ? .hopByHop : .other
            case 17: self = isName("transfer-encoding") ? .transferEncoding : .other
            case 18: self = isName("proxy-authenticate") ? .hopByHop : .other
            default: self = .other
            }
        }
    }

    package private(set) var status = 0
    /// How the body is delimited, unless the request or the status says that there is none.
    package private(set) var framing = Framing.untilClose
    /// What `Content-Length` says; `nil` when there is none.
    package private(set) var length: Int?
    /// Whether the upstream would take another request on this connection.
    package private(set) var keepAlive = false
    private(set) var names: [FieldName] = []
    /// What `Connection` names: hop-by-hop, too. Hardly ever anything.
    private(set) var namedFields: [String] = []
    private(set) var reason: Range<Int> = 0..<0

    private var reader = HeadReader(limits: .responses)
    private let takesLengthBesideChunks: Bool
    private var isHTTP10 = false

    /// - Parameter isOfStream: we have written it ourselves, for a stream of HTTP/2. Its body comes in chunks, for the sake
    ///   of trailers, and its length may be known all the same.
    package init(isOfStream: Bool = false) {
        self.takesLengthBesideChunks = isOfStream
    }

    var bytes: [UInt8] { self.reader.bytes }
    var fields: [FieldLine] { self.reader.fields }

    /// Keeps storage, forgets values. Before each head.
    package func reset() {
        self.reader.reset()
        self.names.removeAll(keepingCapacity: true)
        if !self.namedFields.isEmpty { self.namedFields.removeAll() }
    }

    /// Takes what belongs to the head out of the buffer. Returns whether the head is complete; then it has been read.
    package func read(_ buffer: inout ByteBuffer) throws(MessageError) -> Bool {
        guard try self.reader.read(&buffer) else { return false }
        try self.readStatusLine()
        try self.readFields()
        return true
    }

    /// The value of a field that comes once; `nil` when there is none, or more than one.
    func value(named name: String) -> String? {
        let storage = self.bytes
        let bytes = storage.span
        var value: String?
        for field in self.fields where equalIgnoringCase(bytes.extracting(field.name), name) {
            guard value == nil else { return nil }
            value = String(decoding: storage[field.value], as: UTF8.self)
        }
        return value
    }

    /// `HTTP-version SP status-code SP [ reason-phrase ]`; the last space is often forgotten (RFC 9112, 4).
    private func readStatusLine() throws(MessageError) {
        let storage = self.reader.bytes
        let bytes = storage.span.extracting(0..<self.reader.startLineEnd)
        let start = self.reader.startLineStart
        guard bytes.count >= start + 12, equal(bytes.extracting(start..<start + 7), "HTTP/1."),
            bytes[start + 8] == 0x20,
            bytes[start + 7] == UInt8(ascii: "1") || bytes[start + 7] == UInt8(ascii: "0"),
            let status = decimal(bytes.extracting(start + 9..<start + 12)), (100...999).contains(status),
            bytes.count == start + 12 || bytes[start + 12] == 0x20
        else { throw .malformed("not an HTTP/1 status line") }
        self.isHTTP10 = bytes[start + 7] == UInt8(ascii: "0")
        self.status = status
        self.reason = min(start + 13, bytes.count)..<bytes.count
    }

    private func readFields() throws(MessageError) {
        let storage = self.reader.bytes
        let bytes = storage.span
        var length: Int?
        var isChunked = false
        var (asksToClose, asksToKeep) = (false, false)
        for field in self.reader.fields {
            let name = FieldName(bytes.extracting(field.name))
            self.names.append(name)
            switch name {
            case .contentLength:
                guard length == nil, let found = decimal(bytes.extracting(field.value)) else {
                    throw .malformed("Content-Length twice or not a number")
                }
                length = found
            case .transferEncoding:
                // Another coding below the chunks would be lost with them; we undo none.
                guard !isChunked, equalIgnoringCase(bytes.extracting(field.value), "chunked") else {
                    throw .malformed("a Transfer-Encoding other than chunked")
                }
                isChunked = true
            case .connection: self.readConnection(field, &asksToClose, &asksToKeep)
            case .hopByHop, .setCookie, .caching, .trailer, .other: break
            }
        }
        // Two lengths are two readings (RFC 9112, 6.3).
        guard length == nil || !isChunked || self.takesLengthBesideChunks else {
            throw .malformed("Transfer-Encoding beside Content-Length")
        }
        // It knows no chunks: somebody has passed on what is not for the next hop, and the framing is faulty (6.1).
        guard !isChunked || !self.isHTTP10 else { throw .malformed("Transfer-Encoding in HTTP/1.0") }
        self.length = length
        self.keepAlive = !asksToClose && (asksToKeep || !self.isHTTP10)
        self.framing = isChunked ? .chunked : length.map { .length($0) } ?? .untilClose
    }

    private func readConnection(_ field: FieldLine, _ asksToClose: inout Bool, _ asksToKeep: inout Bool) {
        let storage = self.reader.bytes
        let value = storage.span.extracting(field.value)
        if equalIgnoringCase(value, "keep-alive") {
            asksToKeep = true
        } else if equalIgnoringCase(value, "close") {
            asksToClose = true
        } else {
            for option in String(decoding: self.reader.bytes[field.value], as: UTF8.self).split(separator: ",").map(
                \.trimmingSpaces
            ) {
                if equalIgnoringCase(option, "close") { asksToClose = true }
                if equalIgnoringCase(option, "keep-alive") { asksToKeep = true }
                self.namedFields.append(option.lowercased())
            }
        }
    }
}

@available(*, unavailable)
extension ResponseHead: Sendable {}
