import JSON

/// An answer as it came, at most so much of its body as `AnswerReader` keeps.
package struct WireAnswer: Sendable {
    package var status: Int
    /// Names in lower case, in the order received.
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, fields: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// Every value of a field; `name` in lower case.
    package func all(_ name: String) -> [String] {
        self.fields.filter { $0.name.isExactly(name) }.map(\.value)
    }

    package func first(_ name: String) -> String? {
        self.fields.first { $0.name.isExactly(name) }?.value
    }

    /// Whether a text stands anywhere in it.
    package func shows(_ text: String) -> Bool {
        self.body.holds(Array(text.utf8)) || self.fields.contains { Array($0.value.utf8).holds(Array(text.utf8)) }
    }

    /// Whether the gateway itself has written it, as far as can be told: its problems name the request.
    package var isGatehouses: Bool {
        guard let type = self.first("content-type") else { return false }
        if type.utf8.starts(with: "application/problem+json".utf8) {
            return (try? JSON.parse(self.body))?["request_id"]?.stringValue != nil
        }
        return type.utf8.starts(with: "text/html".utf8) && self.first("x-request-id") != nil
            && self.first("content-security-policy")?.utf8.starts(with: "default-src 'none'".utf8) == true
    }
}

extension [UInt8] {
    /// Whether these bytes stand somewhere in it.
    func holds(_ part: [UInt8]) -> Bool {
        guard !part.isEmpty, part.count <= self.count else { return part.isEmpty }
        return (0...self.count - part.count).contains { start in
            self[start] == part[0] && self[start..<start + part.count].elementsEqual(part)
        }
    }
}
