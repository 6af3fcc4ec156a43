/// Host and port, in the one spelling in which they are compared: lower case, the scheme's own port left out.
///
/// Stricter than the grammar of `Host` (RFC 9110, 7.2): a registered name is made of DNS labels (with `_`, which Windows
/// and container hosts have), an IPv4 address has four decimal parts, an IPv6 address is written as RFC 5952 asks.
package struct Authority: Sendable {
    /// "host" or "host:port"; ASCII.
    package let text: String
    /// From 1 to 65535; `nil` for the scheme's default.
    package let port: Int?
    private let hostLength: Int

    /// Reads a `Host` field, or the authority of a URL.
    package init(_ field: String, scheme: Scheme) throws(RequestRefusal) {
        let bytes = field.utf8.span
        do {
            self = try Self.read(bytes, of: field, scheme: scheme)
        } catch {
            for index in bytes.indices where bytes[index] == UInt8(ascii: "@") { throw .userInfo }
            throw error
        }
    }

    init(text: String, port: Int?, hostLength: Int) {
        self.text = text
        self.port = port
        self.hostLength = hostLength
    }

    private static func read(
        _ bytes: Span<UInt8>,
        of field: String,
        scheme: Scheme
    ) throws(RequestRefusal) -> Authority {
        guard bytes.count > 0, bytes.count <= 255 + 6 else { throw .badHost }
        if bytes[0] == UInt8(ascii: "[") {
            let (host, end) = try Self.readAddress(bytes)
            let port = try Self.port(bytes, from: end, scheme: scheme)
            return Authority(text: Self.text(host: host, port: port), port: port, hostLength: host.utf8.count)
        }
        var isLowercase = true
        let hostEnd = try Self.readName(bytes, isLowercase: &isLowercase)
        let port = try Self.port(bytes, from: hostEnd, scheme: scheme)
        let keepsAll = isLowercase && (port != nil || hostEnd == bytes.count)
        let text = keepsAll ? field : Self.text(host: Self.lowercased(bytes, end: hostEnd), port: port)
        return Authority(text: text, port: port, hostLength: hostEnd)
    }

    /// The host alone; an IPv6 address in brackets.
    package var host: String {
        String(self.text.prefix(self.hostLength))
    }

    /// The address in its one spelling, in brackets, and where it ends.
    private static func readAddress(_ bytes: Span<UInt8>) throws(RequestRefusal) -> (host: String, end: Int) {
        var end = 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "]") { end += 1 }
        guard end < bytes.count, let address = IPv6Address(bytes, from: 1, to: end) else { throw .badHost }
        return ("[\(address.text)]", end + 1)
    }

    /// Where the name ends, which is at a colon or at the end of the field.
    private static func readName(_ bytes: Span<UInt8>, isLowercase: inout Bool) throws(RequestRefusal) -> Int {
        var labelStart = 0
        var labelIsNumber = true
        var hasAlphanumeric = false
        var index = 0
        while true {
            let byte = index < bytes.count ? bytes[index] : UInt8(ascii: ":")
            if byte.isLetter {
                hasAlphanumeric = true
                labelIsNumber = false
                if byte < UInt8(ascii: "a") { isLowercase = false }
            } else if byte.isDigit {
                hasAlphanumeric = true
            } else if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") {
                labelIsNumber = false
                if byte == UInt8(ascii: "-"), index == labelStart { throw .badHost }
            } else if byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") {
                guard hasAlphanumeric, index - labelStart <= 63, bytes[index - 1] != UInt8(ascii: "-") else {
                    throw .badHost
                }
                if byte == UInt8(ascii: ":") { break }
                labelStart = index + 1
                labelIsNumber = true
                hasAlphanumeric = false
            } else {
                throw .badHost
            }
            index += 1
        }
        guard index <= 253 else { throw .badHost }
        // A last label that is a number makes browsers read the whole as an IPv4 address, in many forms; we take one.
        if labelIsNumber || Self.isHexadecimalNumber(bytes, from: labelStart, to: index) {
            guard Self.isIPv4(bytes, end: index) else { throw .badHost }
        }
        return index
    }

    private static func isHexadecimalNumber(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        guard end - start >= 2, bytes[start] == 0x30, bytes[start + 1].lowercased == UInt8(ascii: "x") else {
            return false
        }
        for index in start + 2..<end where bytes[index].hexadecimalValue == nil { return false }
        return true
    }

    /// Four decimal numbers up to 255 without leading zeros.
    private static func isIPv4(_ bytes: Span<UInt8>, end: Int) -> Bool {
        var parts = 1
        var value = 0
        var digits = 0
        for index in 0..<end {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                parts += 1
                value = 0
                digits = 0
                continue
            }
            guard byte.isDigit, digits == 0 || value > 0 else { return false }
            value = value * 10 + Int(byte &- 0x30)
            digits += 1
            guard value <= 255 else { return false }
        }
        return parts == 4
    }

    /// The port behind the colon at `start`; `nil` when there is none or it is the scheme's own.
    private static func port(_ bytes: Span<UInt8>, from start: Int, scheme: Scheme) throws(RequestRefusal) -> Int? {
        guard start < bytes.count else { return nil }
        guard bytes[start] == UInt8(ascii: ":") else { throw .badHost }
        guard (2...6).contains(bytes.count - start), bytes[start + 1] != 0x30 else { throw .badPort }
        var port = 0
        for index in start + 1..<bytes.count {
            guard bytes[index].isDigit else { throw .badPort }
            port = port * 10 + Int(bytes[index] &- 0x30)
        }
        guard port <= 65535 else { throw .badPort }
        return port == scheme.defaultPort ? nil : port
    }

    private static func lowercased(_ bytes: Span<UInt8>, end: Int) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(end)
        for index in 0..<end { result.append(bytes[index].lowercased) }
        return String(decoding: result, as: UTF8.self)
    }

    private static func text(host: String, port: Int?) -> String {
        port.map { "\(host):\($0)" } ?? host
    }
}

extension Authority: Hashable, CustomStringConvertible {
    /// Both are ASCII in one spelling: equal bytes, equal text.
    package static func == (left: Authority, right: Authority) -> Bool {
        left.text == right.text
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.text)
    }

    /// The same as `text`.
    package var description: String { self.text }
}
