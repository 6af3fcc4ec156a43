/// A JSON number as it was written (RFC 8259 section 6): nothing is rounded until somebody asks for a value.
package struct JSONNumber: Sendable, Equatable {
    /// The number as it was written; always valid JSON.
    package let literal: String

    /// Only the parser makes one from text, after it has read it as a number.
    init(literal: String) {
        self.literal = literal
    }

    /// A whole number.
    package init(_ value: some FixedWidthInteger) {
        literal = String(value)
    }

    /// The value, when it is a whole number that fits 64 bits, however it was written (`1000`, `1e3`, `10.00e2`).
    /// Exact: the digits are never sent through a `Double`.
    package var integer: Int64? {
        var isNegative = false
        var isFraction = false
        var fractionDigits = 0
        var digits: [UInt8] = []
        var exponent = 0
        var bytes = literal.utf8[...]
        scan: while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "-"):
                isNegative = true
            case UInt8(ascii: "."):
                isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                // An exponent too long for a machine word is out of range, unless the digits are all zero.
                exponent = Int(Substring(bytes)) ?? (bytes.first == UInt8(ascii: "-") ? Int.min : Int.max)
                break scan
            default:
                digits.append(byte - UInt8(ascii: "0"))
                if isFraction { fractionDigits += 1 }
            }
        }
        return Self.scaled(digits, byPowerOfTen: exponent.subtractingReportingOverflow(fractionDigits), isNegative)
    }

    /// The nearest `Double`, when the number is within its range.
    package var double: Double? {
        guard let value = Double(literal), value.isFinite else { return nil }
        return value
    }

    private static func scaled(
        _ digits: [UInt8],
        byPowerOfTen shift: (partialValue: Int, overflow: Bool),
        _ isNegative: Bool
    ) -> Int64? {
        let significant = digits.drop { $0 == 0 }
        guard !significant.isEmpty else { return 0 }
        guard !shift.overflow else { return nil }
        var kept = significant
        var zeros = shift.partialValue
        while zeros < 0 {
            guard kept.last == 0 else { return nil }
            kept.removeLast()
            zeros += 1
        }
        guard zeros <= 18, kept.count <= 19 else { return nil }
        var value: Int64 = 0
        for digit in kept + repeatElement(0, count: zeros) {
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            // Built on the side of the sign, so that the least value is reached as well.
            let (sum, tooFar) =
                isNegative
                ? product.subtractingReportingOverflow(Int64(digit)) : product.addingReportingOverflow(Int64(digit))
            guard !tooLarge, !tooFar else { return nil }
            value = sum
        }
        return value
    }

    /// Whether both were written alike: `1e3` is not `1000`.
    package static func == (left: JSONNumber, right: JSONNumber) -> Bool {
        left.literal.utf8.elementsEqual(right.literal.utf8)
    }
}
