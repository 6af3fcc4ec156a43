/// Reads one answer from a stream of bytes (RFC 9112): tolerant of what proxies write, bounded in what it keeps.
package struct AnswerReader: Sendable {
    /// Of head and body together. What is longer counts as complete where it is cut.
    package static let maximumBytes = 256 << 10

    private var bytes: [UInt8] = []
    private let hasBody: Bool

    /// - Parameter hasBody: false for the answer to `HEAD`.
    package init(hasBody: Bool = true) {
        self.hasBody = hasBody
    }

    package enum Step: Sendable {
        case more
        case complete(WireAnswer)
        /// This is no HTTP.
        case malformed
    }

    package mutating func receive(_ part: some Collection<UInt8>) -> Step {
        self.bytes += part.prefix(Self.maximumBytes - self.bytes.count)
        return self.step(isAtEnd: self.bytes.count >= Self.maximumBytes)
    }

    /// The other side has closed.
    package mutating func end() -> Step {
        self.step(isAtEnd: true)
    }

    private mutating func step(isAtEnd: Bool) -> Step {
        while let headEnd = self.headEnd {
            guard var answer = Self.head(self.bytes[..<headEnd]) else { return .malformed }
            let body = self.bytes[(headEnd + 4)...]
            if (100..<200).contains(answer.status), answer.status != 101 {
                // Interim: the answer itself is still to come (RFC 9110, section 15.2).
                self.bytes = Array(body)
                continue
            }
            guard self.hasBody, ![101, 204, 304].contains(answer.status) else { return .complete(answer) }
            if let coding = answer.first("transfer-encoding"),
                Array(coding.lowercased().utf8).holds(Array("chunked".utf8))
            {
                let (content, isWhole) = Self.unchunked(body)
                answer.body = content
                return isWhole || isAtEnd ? .complete(answer) : .more
            }
            if let length = answer.first("content-length").flatMap({ Int($0) }), length >= 0 {
                answer.body = Array(body.prefix(length))
                return body.count >= length || isAtEnd ? .complete(answer) : .more
            }
            answer.body = Array(body)
            return isAtEnd ? .complete(answer) : .more
        }
        return isAtEnd ? .malformed : .more
    }

    private var headEnd: Int? {
        guard self.bytes.count >= 4 else { return nil }
        return (0...self.bytes.count - 4).first { self.bytes[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8) }
    }

    private static func head(_ bytes: ArraySlice<UInt8>) -> WireAnswer? {
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map {
            $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0
        }
        guard let first = lines.first, first.starts(with: "HTTP/1.".utf8) else { return nil }
        let words = first.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count >= 2, words[1].count == 3, let status = Int(String(decoding: words[1], as: UTF8.self)) else {
            return nil
        }
        var answer = WireAnswer(status: status)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
            let value = line[line.index(after: colon)...].drop(while: isSpace).reversed().drop(while: isSpace)
                .reversed()
            answer.fields.append(
                (
                    String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                    String(decoding: Array(value), as: UTF8.self)
                )
            )
        }
        return answer
    }

    /// What is there of a chunked body, and whether that is all.
    private static func unchunked(_ bytes: ArraySlice<UInt8>) -> (content: [UInt8], isWhole: Bool) {
        var content: [UInt8] = []
        var rest = bytes
        while let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let digits = rest[..<lineEnd].prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "\r") }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else {
                return (content, true)
            }
            rest = rest[(lineEnd + 1)...]
            if size == 0 { return (content, true) }
            content += rest.prefix(size)
            guard rest.count - 2 >= size else { return (content, false) }
            rest = rest.dropFirst(size + 2)
        }
        return (content, false)
    }
}
