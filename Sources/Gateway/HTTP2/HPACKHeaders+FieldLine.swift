import NIOCore
import NIOHPACK

extension HPACKHeaders {
    /// Adds a field line, its name in lower case, unless it is one that belongs to a connection (RFC 9113, 8.2.2).
    mutating func add(_ field: FieldLine, of bytes: [UInt8]) {
        let value = String(decoding: bytes[field.value], as: UTF8.self)
        let name = bytes.span.extracting(field.name)
        let known = KnownField.byLength.indices.contains(name.count) ? KnownField.byLength[name.count] : []
        guard let field = known.first(where: { equalIgnoringCase(name, $0.name) }) else {
            let name = (0..<name.count).map { asciiLowercased(name[$0]) }
            return self.add(name: String(decoding: name, as: UTF8.self), value: value)
        }
        switch field.kind {
        case .ofTheConnection: break
        case .repeated: self.add(name: field.name, value: value)
        case .fresh: self.add(name: field.name, value: value, indexing: .nonIndexable)
        case .secret: self.add(name: field.name, value: value, indexing: .neverIndexed)
        }
    }
}

/// A field whose name need not be made anew, and of which is known how it compresses.
private struct KnownField {
    enum Kind {
        case ofTheConnection
        /// Its value comes again, mostly.
        case repeated
        /// Each message has a value of its own: in the table it would only be in the way, each time the table is searched.
        case fresh
        /// Nobody shall guess a session's cookie from how well it compresses.
        case secret
    }

    let name: String
    let kind: Kind

    private static let names: [(Kind, [String])] = [
        (.ofTheConnection, ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"]),
        (.secret, ["set-cookie", "cookie", "authorization"]),
        (
            .fresh,
            [
                "x-request-id", "content-length", "etag", "last-modified", "location", "content-range", "age",
                "traceparent",
            ]
        ),
        (
            .repeated,
            [
                "date", "server", "content-type", "content-encoding", "cache-control", "expires", "vary",
                "accept-ranges", "strict-transport-security",
            ]
        ),
    ]

    static let byLength: [[KnownField]] = {
        let fields = Self.names.flatMap { kind, names in names.map { KnownField(name: $0, kind: kind) } }
        let longest = fields.map(\.name.utf8.count).max() ?? 0
        return (0...longest).map { length in fields.filter { $0.name.utf8.count == length } }
    }()
}
