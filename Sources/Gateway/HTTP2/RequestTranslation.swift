import Cryptography
package import NIOCore
package import NIOHPACK

/// A field section of HTTP/2 (RFC 9113, 8.2) as the head of an HTTP/1.1 message, for the same strict reader that judges
/// those: one reading, whatever the request came by.
///
/// Nothing in a section can become more than it was there: what would end a line, a name or a head is malformed, and so is
/// what would tell how the message is framed.
package struct RequestTranslation {
    /// Why a section is no request. The sentence is for the log.
    package struct Malformed: Error, Equatable {
        package let reason: String
    }

    /// The head, its empty line included.
    package let head: ByteBuffer
    /// How the body that follows is written for the reader.
    package let framing: Framing
    package let isHEAD: Bool
    /// Whether it asks for another protocol on its stream (RFC 8441). In HTTP/1.1 that is an upgrade, and a `GET`.
    package let isTunnel: Bool

    /// - Parameter endsStream: no DATA follows.
    package init(_ section: HPACKHeaders, endsStream: Bool, allocator: ByteBufferAllocator) throws(Malformed) {
        var fields = Fields()
        fields.lines.reserveCapacity(512)
        for (name, value, _) in section { try fields.take(name, value) }
        guard var method = fields.method else { throw Malformed(reason: "no :method") }
        var isConnect = method.utf8.elementsEqual("CONNECT".utf8)
        self.isTunnel = fields.tunnelled != nil
        if let tunnelled = fields.tunnelled {
            guard isConnect else { throw Malformed(reason: ":protocol without CONNECT") }
            guard !endsStream, fields.length == nil else { throw Malformed(reason: "a tunnel that has an end") }
            isConnect = false
            method = "GET"
            fields.addUpgrade(to: tunnelled)
        }
        guard isConnect || fields.path != nil, isConnect || fields.hasScheme else {
            throw Malformed(reason: "no :path or no :scheme")
        }
        if let host = fields.host, let authority = fields.authority {
            // Two names for one request are two readings (RFC 9113, 8.3.1).
            guard host.utf8.elementsEqual(authority.utf8, by: { asciiLowercased($0) == asciiLowercased($1) }) else {
                throw Malformed(reason: ":authority and host disagree")
            }
        }
        guard let authority = fields.authority ?? fields.host, !authority.isEmpty else {
            throw Malformed(reason: "no :authority")
        }
        if self.isTunnel {
            self.framing = .none
        } else if let length = fields.length {
            guard !endsStream || length == 0 else { throw Malformed(reason: "content-length without DATA") }
            self.framing = .length(length)
        } else {
            self.framing = endsStream ? .none : .chunked
        }
        self.isHEAD = method.utf8.elementsEqual("HEAD".utf8)
        var head = allocator.buffer(capacity: fields.lines.count + fields.cookies.count + 512)
        head.writeString(method)
        head.writeString(" ")
        head.writeString(fields.path ?? authority)
        head.writeString(" HTTP/1.1\r\nhost: ")
        head.writeString(authority)
        head.writeString("\r\n")
        head.writeBytes(fields.lines)
        if !fields.cookies.isEmpty {
            head.writeString("cookie: ")
            head.writeBytes(fields.cookies)
            head.writeString("\r\n")
        }
        if self.framing == .chunked { head.writeString("transfer-encoding: chunked\r\n") }
        head.writeString("\r\n")
        self.head = head
    }

    /// The fields behind a body as lines, the empty one included.
    package static func trailers(
        _ section: HPACKHeaders,
        allocator: ByteBufferAllocator
    ) throws(Malformed) -> ByteBuffer {
        var fields = Fields()
        fields.sectionBegun = true
        for (name, value, _) in section { try fields.take(name, value) }
        var lines = allocator.buffer(capacity: fields.lines.count + 2)
        lines.writeBytes(fields.lines)
        lines.writeString("\r\n")
        return lines
    }
}

/// A section's fields as they are taken, one by one.
private struct Fields {
    typealias Malformed = RequestTranslation.Malformed

    var method: String?
    var path: String?
    var authority: String?
    var hasScheme = false
    var host: String?
    /// The protocol of a tunnel.
    var tunnelled: String?
    var length: Int?
    /// HTTP/2 lets a client cut `Cookie` into crumbs (RFC 9113, 8.2.3); an application wants the whole.
    var cookies: [UInt8] = []
    var lines: [UInt8] = []
    /// A regular field has come: no pseudo-header may follow.
    var sectionBegun = false

    mutating func take(_ name: String, _ value: String) throws(Malformed) {
        if name.utf8.first == UInt8(ascii: ":") { return try self.takePseudo(name, value) }
        self.sectionBegun = true
        let bytes = name.utf8.span
        guard bytes.count > 0 else { throw Malformed(reason: "a field without a name") }
        for index in bytes.indices {
            guard isTokenByte(bytes[index]), !(65...90).contains(bytes[index]) else {
                throw Malformed(reason: "a field's name is no lower-case token")
            }
        }
        for byte in value.utf8 where !isTextByte(byte) { throw Malformed(reason: "a control byte in a field") }
        switch name {
        case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
            throw Malformed(reason: "a connection-specific field")
        case "te":
            guard value.utf8.elementsEqual("trailers".utf8) else { throw Malformed(reason: "te other than trailers") }
        case "http2-settings": break
        // It belongs to the upgrade, which is ours to write.
        case "sec-websocket-key" where self.tunnelled != nil: break
        case "host":
            guard self.host == nil else { throw Malformed(reason: "more than one host") }
            self.host = value
        case "content-length":
            guard self.length == nil, let length = decimal(value.utf8.span) else {
                throw Malformed(reason: "content-length twice or not a number")
            }
            self.length = length
            self.append(name, value)
        case "cookie":
            if !self.cookies.isEmpty { self.cookies.append(contentsOf: "; ".utf8) }
            self.cookies.append(contentsOf: value.utf8)
        default:
            self.append(name, value)
        }
    }

    private mutating func takePseudo(_ name: String, _ value: String) throws(Malformed) {
        guard !self.sectionBegun else { throw Malformed(reason: "a pseudo-header behind a field, or in trailers") }
        // These become words of the first line: neither a space nor a control byte may be in them.
        for byte in value.utf8 where byte <= 0x20 || byte >= 0x7F {
            throw Malformed(reason: "a pseudo-header with a space, a control byte or more than ASCII")
        }
        let isNew: Bool
        switch name {
        case ":method":
            isNew = self.method == nil
            self.method = value
            for byte in value.utf8 where !isTokenByte(byte) { throw Malformed(reason: ":method is no token") }
        case ":path":
            isNew = self.path == nil
            self.path = value
        case ":authority":
            isNew = self.authority == nil
            self.authority = value
        case ":protocol":
            isNew = self.tunnelled == nil
            self.tunnelled = value
            for byte in value.utf8 where !isTokenByte(byte) { throw Malformed(reason: ":protocol is no token") }
        case ":scheme":
            isNew = !self.hasScheme
            self.hasScheme = true
            guard value.utf8.elementsEqual("https".utf8) || value.utf8.elementsEqual("http".utf8) else {
                throw Malformed(reason: ":scheme is neither http nor https")
            }
        default:
            throw Malformed(reason: "an unknown pseudo-header")
        }
        guard isNew, !value.isEmpty else { throw Malformed(reason: "a pseudo-header twice, or empty") }
    }

    /// What stands for `:protocol` in HTTP/1.1. Who answers to the key answers to nobody (RFC 8441, 5), but is asked for it.
    mutating func addUpgrade(to name: String) {
        self.append("connection", "Upgrade")
        self.append("upgrade", name)
        if name.utf8.elementsEqual("websocket".utf8) {
            self.append("sec-websocket-key", Base64.encode(Random.bytes(16)))
        }
    }

    private mutating func append(_ name: String, _ value: String) {
        self.lines.append(contentsOf: name.utf8)
        self.lines.append(contentsOf: ": ".utf8)
        self.lines.append(contentsOf: value.utf8)
        self.lines.append(contentsOf: "\r\n".utf8)
    }
}
