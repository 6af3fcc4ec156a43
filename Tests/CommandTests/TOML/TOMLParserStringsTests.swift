import Command
import Testing

struct TOMLParserStringsTests {
    private func string(_ text: String) throws -> String? {
        guard case .string(let string)? = try TOML.members("a = \(text)\n").first?.value else { return nil }
        return string
    }

    @Test(arguments: [
        (#""""#, ""), (#""a\tb\n\"\\\u00e9\U0001F600\b\f\r""#, "a\tb\n\"\\é😀\u{8}\u{c}\r"), ("''", ""),
        (#"'a\b"'"#, #"a\b""#),
        ("\"é\t#\"", "é\t#"), ("\"\"\"\"\"\"", ""), ("\"\"\"a\"\"\"", "a"), ("\"\"\"\na\r\nb\"\"\"", "a\nb"),
        ("\"\"\"a\\\n   b\\  \n\n  c\"\"\"", "abc"), ("\"\"\"\"a\"\" \"\"\"\"\"", "\"a\"\" \"\""),
        ("'''\n'a''\n'''''", "'a''\n''"),
        ("'''a\\u'''", "a\\u"),
    ])
    func theFourKindsAreRead(_ text: String, _ string: String) throws {
        #expect(try self.string(text) == string)
    }

    @Test(arguments: [
        "\"a", "'a", "\"a\nb\"", "'a\nb'", #""\q""#, #""\x41""#, #""\u12""#, #""\uD800""#, #""\U00110000""#,
        #""\u+123""#, "\"\u{1}\"",
        "'\u{7f}'", "\"\"\"a", "'''a''", "\"\"\"\u{b}\"\"\"", "\"\"\"a\rb\"\"\"", "'''a''''''", "\"\"\"a\\ b\"\"\"",
        "\"\\",
    ])
    func whatIsNoTextIsRefused(_ text: String) {
        #expect(TOML.mistake("a = \(text)") != nil)
    }

    /// Behind the scenes a C function would take NUL for the end.
    @Test(arguments: ["a = \"x\\u0000\"", "a = \"\\U00000000\"", "\"b\\u0000\" = 1", "a = 'x\0'", "# \0"])
    func nulIsInNoText(_ text: String) {
        #expect(TOML.mistake("\n" + text)?.line == 2)
    }

    @Test func aTextWithoutEndIsToldWhereItBegins() {
        #expect(
            TOML.mistake("a = 1\nb = \"\"\"\nc = 2\nd = 3\n")
                == .init(line: 2, message: "a text that begins here does not end")
        )
    }

    @Test func noMistakeRepeatsAText() {
        for text in [
            "client_secret = \"s3cret", "client_secret = \"s3cret\\q\"", "client_secret = s3cret",
            "client_secret = 's3cret\u{1}'",
        ] {
            #expect(TOML.mistake(text)?.message.contains("s3cret") == false)
        }
    }
}
