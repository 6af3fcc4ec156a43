import JSON
import Testing

struct JSONNumberTests {
    private func number(_ literal: String) throws -> JSONNumber {
        guard case .number(let number) = try JSON.parse(Array(literal.utf8)) else {
            throw JSONError.unexpectedByte(offset: 0)
        }
        return number
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("1e3", 1000), ("1E+3", 1000), ("1000e-3", 1), ("10.00e2", 1000),
            ("1.0", 1), ("0.0", 0), ("0e999999999999999999999", 0), ("0.000e-99999999999999999999", 0),
            ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
            ("9.223372036854775807e18", Int64.max),
            ("9007199254740993.0", 9_007_199_254_740_993), ("1e18", 1_000_000_000_000_000_000),
            ("12300000000000000000000000e-22", 1230),
        ] as [(String, Int64)]
    )
    func aWholeNumberIsReadHoweverItIsWritten(literal: String, value: Int64) throws {
        #expect(try number(literal).integer == value)
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "1e19", "1e300", "1e999999999999999999999999", "0.5", "1e-1",
        "1.0000000000000000001", "1e-99999999999999999999999", "1.5e0", "-1e9223372036854775807",
        "1.1e-9223372036854775808", "99999999999999999999999999999999999999",
    ])
    func aNumberThatIsNoIntegerOrTooLargeIsNone(literal: String) throws {
        #expect(try number(literal).integer == nil)
    }

    @Test func aDoubleIsReadWithinItsRange() throws {
        #expect(try number("0.5").double == 0.5)
        #expect(try number("-1e3").double == -1000)
        #expect(try number("1e300").double == 1e300)
        #expect(try number("1e400").double == nil)
        #expect(try number("-1e400").double == nil)
    }

    @Test func aNumberKeepsItsLiteral() throws {
        #expect(try number("10.00e2").literal == "10.00e2")
        #expect(try number("10.00e2") != number("1000"))
    }

    @Test func aWholeNumberIsWrittenInDigits() {
        #expect(JSONNumber(Int64.min).literal == "-9223372036854775808")
        #expect(JSONNumber(UInt64.max).literal == "18446744073709551615")
        #expect(JSONNumber(Int64.min).integer == .min)
        #expect(JSONNumber(UInt64.max).integer == nil)
    }
}
