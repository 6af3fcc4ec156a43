/// What the provider answered.
package struct BackChannelResponse: Sendable {
    package var status: Int
    /// In the order received; names in lower case, values without the space around them. Trailers are left out.
    package var headers: [(name: String, value: String)]
    /// Decompressed, at most `BackChannelConfiguration.maximumResponseBytes`.
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a field; `name` in lower case.
    package func header(_ name: String) -> String? {
        self.headers.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}

/// The header of an answer, gathered line by line as it arrives.
struct ResponseHead {
    /// All lines of all heads of one answer; libcurl itself has no bound on their sum before 8.3.
    static let maximumBytes = 64 * 1024

    private(set) var fields: [(name: String, value: String)] = []
    /// The empty line has come.
    private(set) var isComplete = false
    private var bytes = 0
    private var isInterim = false

    /// Takes one line as libcurl hands it over, with its line end. Lines that are no field are passed over.
    ///
    /// - Returns: false when the whole has become too large.
    mutating func receive(_ line: some Collection<UInt8>) -> Bool {
        self.bytes += line.count
        guard self.bytes <= Self.maximumBytes else { return false }
        // What follows the body is a trailer, which RFC 9110, section 6.5.1 forbids to merge unasked.
        guard !self.isComplete else { return true }
        let text = Self.trimmed(line)
        if text.isEmpty {
            self.isComplete = !self.isInterim
        } else if text.starts(with: "HTTP/".utf8) {
            // A new head: the one before was interim (RFC 9110, section 15.2).
            let status = text.drop { $0 != UInt8(ascii: " ") }.dropFirst()
            self.isInterim = status.first == UInt8(ascii: "1")
            self.fields.removeAll()
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")), line.first == text.first {
            let name = text[..<colon]
            guard BackChannelRequest.isToken(name) else { return true }
            let value = Self.trimmed(text[text.index(after: colon)...])
            self.fields.append(
                (String(decoding: name, as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self))
            )
        }
        return true
    }

    private static func trimmed<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        var rest = Array(bytes.drop(while: isSpace))
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }
}
