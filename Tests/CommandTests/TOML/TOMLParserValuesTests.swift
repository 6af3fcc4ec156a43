import Command
import Testing

struct TOMLParserValuesTests {
    @Test(arguments: [
        ("0", "0"), ("+7", "7"), ("-0", "0"), ("1_000", "1000"), ("0xDEAD_beef", "3735928559"), ("0o17", "15"),
        ("0b101", "5"),
        ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
        ("true", "true"),
        ("false", "false"), ("[]", "[]"), ("[ 1 , \"a\" , ]", "[1, \"a\"]"), ("[\n# x\n1, # y\n\n2\n]", "[1, 2]"),
        ("[[1], [[]]]", "[[1], [[]]]"), ("{}", "{}"), ("{ }", "{}"), ("{ b.c = 1, b.d = [2] }", "{b: {c: 1, d: [2]}}"),
        ("[{ b = 1 }]", "[{b: 1}]"),
    ])
    func valuesAreRead(_ text: String, _ shape: String) throws {
        #expect(try TOML.shape("a = \(text)") == "{a: \(shape)}")
    }

    @Test(arguments: ["1.5", "-1e3", "6.626e-34", "inf", "-inf", "nan", "+nan", "1."])
    func fractionsAreToldAsSuch(_ text: String) throws {
        #expect(try TOML.shape("a = \(text)") == "{a: a floating-point number}")
    }

    @Test(arguments: ["1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "1979-05-27T00:32:00.999-07:00"])
    func timesAreToldAsSuch(_ text: String) throws {
        #expect(try TOML.shape("a = \(text)") == "{a: a date or time}")
    }

    @Test(arguments: [
        "01", "-01", "00", "9223372036854775808", "-9223372036854775809", "0xFFFFFFFFFFFFFFFF", "True", "yes", "+",
        "[1 2]", "[1,,2]",
        "[,]", "[1", "[", "{ b = 1, }", "{ b = 1 c = 2 }", "{ b }", "{", "{ b = 1", "{ b = 1, b = 2 }", "{\nb = 1 }",
        "{ b = 1,\nc = 2 }",
        "[}", "*", "é",
    ])
    func whatIsNoValueIsRefused(_ text: String) {
        #expect(TOML.mistake("a = \(text)") != nil)
    }
}
