import Command
import Testing

struct TOMLParserTests {
    @Test func keysHaveTheirLines() throws {
        let text = "# [x]\n[server] # [y]\n# listen = 1\nlisten = 2 # listen = 3\n\r\n[ admin ]\r\nlisten = 4"
        #expect(try TOML.line("server", in: text) == 2)
        #expect(try TOML.line("server.listen", in: text) == 4)
        #expect(try TOML.line("admin", in: text) == 6)
        #expect(try TOML.line("admin.listen", in: text) == 7)
        #expect(try TOML.line("x", in: text) == nil)
    }

    @Test func linesAreCountedThroughTextsAndLists() throws {
        let text = """
            [a]
            x = "\\"\\n[b]"
            y = 'c:\\'
            z = \"""
            [b]
            key = 1 \\

            \\\""" ""\"""
            w = '''
            key = 2
            # ''''
            list = [ # ]
              1,
              "]",
            ]
            key = 3
            """
        #expect(try TOML.line("a.z", in: text) == 4)
        #expect(try TOML.line("a.w", in: text) == 9)
        #expect(try TOML.line("a.list", in: text) == 12)
        #expect(try TOML.line("a.key", in: text) == 16)
        #expect(try TOML.line("b", in: text) == nil)
    }

    @Test func tablesOfAListHaveTheirOwnLines() throws {
        let text = "[[route]]\npath = 1\n[[ route ]]\n\npath = 2\nx = [\n{ a = 1 },\n{ a = 2 }]\n"
        #expect(try TOML.line("route", in: text) == 1)
        #expect(try TOML.line("route.0.path", in: text) == 2)
        #expect(try TOML.line("route.1", in: text) == 3)
        #expect(try TOML.line("route.1.path", in: text) == 5)
        #expect(try TOML.line("route.1.x.1", in: text) == 8)
        #expect(try TOML.line("route.1.x.1.a", in: text) == 8)
    }

    @Test(arguments: [
        ("a = 1", "{a: 1}"), ("a=1", "{a: 1}"), ("\t\"a\"\t=\t1", "{a: 1}"), ("'a b' = 1", "{a b: 1}"),
        ("\"s\\u0065r\" = 1", "{ser: 1}"), ("\"\" = 1", "{: 1}"), ("1-_a = 1", "{1-_a: 1}"),
        ("a . 'b' . \"c\" = 1", "{a: {b: {c: 1}}}"),
        ("\"a.b\" = 1", "{a.b: 1}"), ("[ a . \"b\" ]\nc = 1", "{a: {b: {c: 1}}}"),
        ("[[a]]\n[[a]]\nb=1", "{a: [{}, {b: 1}]}"),
        ("\u{FEFF}a = 1", "{a: 1}"), ("a = 1\r\nb = 2\r\n", "{a: 1, b: 2}"), ("a.b = 1\na.c = 2", "{a: {b: 1, c: 2}}"),
    ])
    func keysAreBareOrQuotedOrDotted(_ text: String, _ shape: String) throws {
        #expect(try TOML.shape(text) == shape)
    }

    @Test(arguments: [
        "a", "a =", "= 1", ". = 1", "a. = 1", ".a = 1", "a..b = 1", "a b = 1", "ü = 1", "\"a = 1", "\"\"\"a\"\"\" = 1",
        "a = 1 b = 2",
        "a = 1\rb = 2", "[a", "[a]]", "[[a]", "[ [a]]", "[]", "[a.]", "[a] b = 1", "# \u{1}", "a = 1 # \u{7f}", "a = x",
        "]", "{}",
        "a = \"x\"y", "a: 1", "- a",
    ])
    func whatIsNoLineOfTOMLIsRefused(_ text: String) {
        #expect(TOML.mistake("\n" + text)?.line == 2)
    }

    @Test func textWithoutQuotationMarksIsExplained() {
        let message = "a value is text between quotation marks, a number, true, false, or a list"
        #expect(TOML.mistake("[log]\nlevel = info") == TOMLError(line: 2, message: message))
        #expect(TOML.mistake("a = 127.0.0.1:8080") == nil)  // "a date or time", for the key to refuse
    }
}
