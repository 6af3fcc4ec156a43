import Access
import Testing

/// The ways to make policy and upstream read two different paths. All end here.
struct PathReaderTests {
    @Test(arguments: [
        "/..", "/.", "/../", "/./", "/a/..", "/a/.", "/a/../b", "/a/./b", "/../a", "/./a", "//../a", "/a//..",
        "/a/..?b", "/.?b",
        "/a/..//b", "/public/../admin", "/a%2F..", "/a%2F../b", "/..%2Fa", "/a/..%2Fb", "/a%2F..%2Fb", "/a%2f.%2fb",
        "/%2F..",
        // Encoded "?" and "#" end a segment for those who decode first.
        "/a/..%3Fb", "/a/..%23b", "/a%3F..",
        // File systems drop dots and spaces at the end of a name.
        "/...", "/a/.../b", "/a/..%20/b", "/a/.%20/b", "/a/%20../b", "/a/..%20.", "/a/.%20.",
        // What "best fit" and compatibility forms make dots and slashes of.
        "/a/\u{FF0E}\u{FF0E}/b", "/a/%EF%BC%8E%EF%BC%8E/b", "/a/.\u{FF0E}/b", "/a/\u{2024}\u{2024}/b",
        "/a/\u{2025}/b",
        "/a/..\u{FF0F}b", "/a\u{FF0F}..", "/a/..\u{FF3C}b", "/a/..\u{2215}b", "/a/..\u{A5}b", "/a/..%E2%81%84b",
        // The same, encoded twice.
        "/a/%25EF%25BC%258E%25EF%25BC%258E/b", "/a/..%2520/b", "/a/..%25EF%25BC%258Fb",
    ])
    func `dot segments are refused in every spelling`(_ text: String) {
        #expect(throws: RequestRefusal.dotSegment) { try RequestTarget(text) }
    }

    @Test(arguments: [
        "/%2e", "/%2E%2E/", "/.%2e/a", "/%2e./a", "/a%2Etxt", "/a/%2e%2e%2fb", "/a/%2E%2E?b",
    ])
    func `an encoded dot is refused wherever it stands`(_ text: String) {
        #expect(throws: RequestRefusal.encodedDot) { try RequestTarget(text) }
    }

    @Test(arguments: [
        "/a\\b", "/\\a", "/a%5Cb", "/a%5cb", "/..\\a", "/..%5ca", "/a\\..\\b", "/\\\\evil.example/a", "/a\\?b",
    ])
    func `a backslash is refused`(_ text: String) {
        #expect(throws: RequestRefusal.backslash) { try RequestTarget(text) }
    }

    @Test(arguments: [
        "/a;b", "/;", "/a;/b", "/..;/a", "/a/..;x=y/b", "/a%3Bb", "/a%3bb", "/public/..%3b/admin", "/a;jsessionid=1",
        "/.;/a", "/a;?b",
    ])
    func `a path parameter is refused`(_ text: String) {
        #expect(throws: RequestRefusal.pathParameter) { try RequestTarget(text) }
    }

    @Test(arguments: [
        "/a%00", "/%00", "/a%0d%0ab", "/a%0A", "/a%09b", "/a%1F", "/a%7F", "/a%7f", "/a%C2%85b", "/a%C2%80",
        "/a%c2%9fb", "/a\u{85}b",
    ])
    func `an encoded control character is refused`(_ text: String) {
        #expect(throws: RequestRefusal.encodedControl) { try RequestTarget(text) }
    }

    @Test(arguments: [
        "/a b", "/a\tb", "/a\r\nb", "/a\nb", "/a\rb", "/a\u{0}b", "/a\u{7F}b", "/a\u{B}", "/ ", "/a\u{1B}[0m",
    ])
    func `a raw control character is refused`(_ text: String) {
        #expect(throws: RequestRefusal.controlByte) { try RequestTarget(text) }
    }

    @Test(arguments: ["/a#b", "/#", "/a/b#?c", "/#/admin"])
    func `a fragment is refused`(_ text: String) {
        #expect(throws: RequestRefusal.fragment) { try RequestTarget(text) }
    }

    @Test(arguments: [
        "/%252e%252e/a", "/%252E", "/a%252fb", "/a%252Fb", "/a%255cb", "/a%253bb", "/a%2500", "/a%250d%250a",
        "/a%257F",
        "/%25252e", "/%2525252e", "/a%25252fb", "/%25%32%65", "/%25%32%45", "/%2%35%32e", "/%25c0%25ae",
        "/%25C0%25AE%25C0%25AE/",
        "/%2561dmin", "/%2541", "/%257e", "/a%253Fb", "/a%2523b", "/%25u002e%25u002e/", "/%25U002f", "/%25u0061dmin",
        "/%25ed%25a0%2580", "/%25ff", "/a%25c2%2585b", "/%252525", "/%25%25%33%35",
    ])
    func `double encoding that hides something is refused`(_ text: String) {
        let refused = [RequestRefusal.doubleEncoding, .badEscape]
        #expect { try RequestTarget(text) } throws: { error in refused.contains { $0 == error as? RequestRefusal } }
    }

    @Test(arguments: [
        "/100%25", "/%25", "/a%2520b", "/%25zz", "/%25%20", "/50%25%20off", "/a%25/b", "/%252C", "/%25E6%2597%25A5",
        "/%2525",
    ])
    func `double encoding that hides nothing passes`(_ text: String) throws {
        #expect(try RequestTarget(text).text == text)
    }

    @Test(arguments: [
        "/%", "/%2", "/%zz", "/%2g", "/%g2", "/a%", "/%%", "/%%32e", "/%u002e", "/%+1", "/%-1", "/% 1", "/%2?5",
        "/%\u{FF12}e",
    ])
    func `a bad escape is refused`(_ text: String) {
        #expect(throws: RequestRefusal.badEscape) { try RequestTarget(text) }
    }

    @Test(arguments: [
        // Overlong forms of ".", "/" and others.
        "/%c0%ae%c0%ae/", "/%C0%AF", "/%c1%9c", "/%e0%80%ae", "/%e0%80%af", "/%E0%9F%BF", "/%f0%80%80%ae",
        "/%f8%80%80%80%ae",
        "/%fc%80%80%80%80%ae", "/%f0%8f%bf%bf",
        // Beyond Unicode, surrogates, lone and missing continuations.
        "/%f4%90%80%80", "/%f5%80%80%80", "/%ff", "/%fe", "/%ed%a0%80", "/%ed%bf%bf", "/%80", "/%bf", "/ad%80min",
        "/%e6%97", "/%e6/%97",
        "/caf%e9", "/%c3", "/a%c3b",
        // What a parser puts in the place of bytes that were not UTF-8.
        "/\u{FFFD}", "/a\u{FFFD}b",
    ])
    func `a path that is not UTF-8 is refused`(_ text: String) {
        #expect(throws: RequestRefusal.invalidUTF8) { try RequestTarget(text) }
    }

    @Test func `the replacement character itself passes when it is encoded`() throws {
        #expect(try RequestTarget("/%EF%BF%BD").text == "/%EF%BF%BD")
    }

    @Test func `a name of lookalikes that is no dot segment passes`() throws {
        for text in ["/AC\u{FF0F}DC", "/\u{FF0E}a", "/wait\u{2026}", "/\u{A5}100", "/a\u{2025}b"] {
            #expect(try RequestTarget(text).text == text)
        }
    }

    @Test func `a combining mark after a slash hides nothing`() {
        // Swift sees one character here, and no "/".
        #expect(throws: RequestRefusal.dotSegment) { try RequestTarget("/a/../\u{301}b") }
        #expect(throws: RequestRefusal.dotSegment) { try RequestTarget("/a/..%2F\u{301}b") }
        #expect(throws: RequestRefusal.pathParameter) { try RequestTarget("/a;\u{301}") }
        #expect(throws: RequestRefusal.fragment) { try RequestTarget("/a#\u{301}") }
        #expect(throws: RequestRefusal.backslash) { try RequestTarget("/a\\\u{301}") }
    }

    @Test func `long chains of escapes are refused quickly`() {
        let chain = "/" + "%" + String(repeating: "25", count: 8000)
        #expect(throws: RequestRefusal.doubleEncoding) { try RequestTarget(chain) }
        let slashes = String(repeating: "/", count: 16_000)
        #expect(throws: Never.self) { try RequestTarget(slashes) }
        let dots = "/" + String(repeating: ".", count: 16_000)
        #expect(throws: RequestRefusal.dotSegment) { try RequestTarget(dots) }
    }
}
