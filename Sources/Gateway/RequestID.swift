/// What ties an exchange's log lines, fields and pages together. Not a secret.
package struct RequestID {
    private let text: String
    /// Behind the text, in base 32; `nil` for an id that came with the request.
    private let number: UInt64?

    /// The one a request brought.
    package init(_ text: String) {
        self.text = text
        self.number = nil
    }

    /// One of ours, which only becomes a text when somebody wants to read it.
    package init(prefix: String, number: UInt64) {
        self.text = prefix
        self.number = number
    }

    package var description: String {
        self.number.map { self.text + String($0, radix: 32) } ?? self.text
    }

    var isEmpty: Bool { self.text.isEmpty }

    func write(into wire: inout WireBytes) {
        wire.append(self.text)
        guard var rest = self.number else { return }
        // Thirteen digits hold any number.
        var digits = InlineArray<13, UInt8>(repeating: 0)
        var count = 0
        repeat {
            let digit = UInt8(truncatingIfNeeded: rest & 31)
            digits[count] = digit < 10 ? 48 + digit : 87 + digit
            rest >>= 5
            count += 1
        } while rest > 0
        while count > 0 {
            count -= 1
            wire.append(digits[count])
        }
    }
}

extension RequestID: Sendable, CustomStringConvertible {}
