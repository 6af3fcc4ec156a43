import Access
import Testing

struct PatternTests {
    @Test(arguments: [
        ("abc", ["abc"], ["", "ab", "abcd", "ABC", "xabc"]),
        ("a*", ["", "a", "aaaa"], ["b", "ab"]),
        ("a+b?", ["a", "ab", "aab"], ["", "b", "abb"]),
        ("(foo|bar)-[0-9]{2,3}", ["foo-12", "bar-123"], ["foo-1", "foo-1234", "baz-12", "foobar-12"]),
        ("(a|)b", ["ab", "b"], ["aab", ""]),
        ("[^/]*", ["", "a b", "é"], ["a/b", "/"]),
        (#"\d+\.\w+"#, ["1.a_9"], ["1xa", "a.a"]),
        (#"team:.*"#, ["team:", "team:x\ny", "team:✓"], ["tea", "xteam:"]),
        ("x{3}", ["xxx"], ["xx", "xxxx"]),
        ("x{2,}", ["xx", "xxxxx"], ["x"]),
        ("x{0}y", ["y"], ["xy"]),
        ("[a-c-]+", ["a-c"], ["d"]),
        (#"[\]\[\d]"#, ["]", "[", "5"], ["a"]),
        ("(a*)*b", ["b", "aaab"], ["aaa"]),
        ("é.", ["éx", "é✓"], ["ex"]),
    ])
    func `it covers the whole text or does not match`(_ pattern: String, _ yes: [String], _ no: [String]) throws {
        let pattern = try Pattern(pattern)
        for text in yes { #expect(pattern.matches(text), "\(text)") }
        for text in no { #expect(!pattern.matches(text), "\(text)") }
    }

    @Test(arguments: [
        "", "(", ")", "a)", "(a", "[", "[]", "[^]", "[z-a]", "[a", "*", "+a", "?", "{2}", "a**", "a+?", "a{2}{3}", "a{",
        "a{2",
        "a{3,2}", "a{,2}", "a{1001}", "(?=a)", "(?!a)", "(?:a)", "(?i)a", "^a", "a$", #"\"#, #"\b"#, #"(a)\1"#,
        #"\x41"#,
        "((a{255}){255}){255}", "]", "}", String(repeating: "a", count: 1001),
        String(repeating: "(", count: 40) + "a" + String(repeating: ")", count: 40),
    ])
    func `what is not allowed is refused with its place`(_ text: String) {
        do {
            _ = try Pattern(text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.position <= text.unicodeScalars.count)
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `what makes others try for ever takes as long as the text is`() throws {
        let text = String(repeating: "a", count: Pattern.longestText - 1) + "!"
        for pattern in [
            "(a+)+", "(a*)*", "(a|a)*", "(a|aa)+", "(.*)(.*)(.*)(.*)(.*)x", "(a?){200}a{200}",
        ] {
            let started = ContinuousClock.now
            #expect(try !Pattern(pattern).matches(text))
            #expect(ContinuousClock.now - started < .seconds(5), "\(pattern)")
        }
    }

    @Test func `a text that is too long never matches`() throws {
        let pattern = try Pattern(".*")
        #expect(pattern.matches(String(repeating: "a", count: Pattern.longestText)))
        #expect(!pattern.matches(String(repeating: "a", count: Pattern.longestText + 1)))
    }

    @Test func `characters are compared as they are, not as they look`() throws {
        #expect(try !Pattern("\u{e9}").matches("e\u{301}"))
        #expect(try Pattern("\r\n").matches("\r\n"))
        #expect(try !Pattern(".").matches("\r\n"))
    }
}
