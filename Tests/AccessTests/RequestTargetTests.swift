import Access
import TestSupport
import Testing

struct RequestTargetTests {
    @Test(arguments: [
        "/", "/a", "/a/b/c", "/a/", "/index.html", "/a.b/c.d", "/.well-known/acme", "/~user", "/a-b_c", "/a+b",
        "/a:b@c",
        "/a,b=c&d!$'()*", "/a//b", "//", "/a%20b", "/100%25", "/%E6%97%A5%E6%9C%AC", "/日本", "/caf\u{E9}",
        "/cafe\u{301}",
        "/?", "/?a=b", "/a?b?c", "/a?u=https://b/c", "/a?x=%2e%2e%2f%5c%00%zz&%", "/a?../..\\;", "/?q=日本", "/a%2520b",
        "/a/...b", "/a/b..c", "/a/..b", "/a/b..", "/x%3Ay", "/%5Bid%5D", "/[id]", "/a|b", "/%E2%80%A6",
        "/wait%E2%80%A6",
    ])
    func `an honest target is kept as it is`(_ text: String) throws {
        let target = try RequestTarget(text)
        #expect(target.text.utf8.elementsEqual(text.utf8))
    }

    @Test(arguments: [
        ("/%61dmin", "/admin"), ("/%7Euser", "/~user"), ("/a%2Db%5fc", "/a-b_c"), ("/%e6%97%a5", "/%E6%97%A5"),
        ("/a%2fb", "/a%2Fb"), ("/%41%5A%30?%41", "/AZ0?%41"), ("/a%3ab", "/a%3Ab"), ("/日%e6", "invalid"),
    ])
    func `escapes of unreserved characters are decoded and others are upper case`(_ text: String, _ canonical: String) {
        let found = (try? RequestTarget(text))?.text ?? "invalid"
        #expect(Array(found.utf8) == Array(canonical.utf8))
    }

    @Test(arguments: [
        ("/o/acme/x", "acme"), ("/o/acme", "acme"), ("/o/a%20b?o=x", "a b"), ("/o/", ""), ("/o", "none"), ("/", "none"),
        ("//acme/x", "none"), ("/o//acme", "none"), ("/o/acme./x", "none"), ("/o/a%2Fb", "none"),
    ])
    func `a segment is found by its place unless others could count differently`(_ text: String, _ segment: String)
        throws
    {
        #expect(try RequestTarget(text).segment(1) ?? "none" == segment)
    }

    @Test func `path and query are slices of the text`() throws {
        let plain = try RequestTarget("/a/b?c=d?e")
        #expect(plain.path.elementsEqual("/a/b".utf8))
        #expect(try #require(plain.query).elementsEqual("c=d?e".utf8))
        let rewritten = try RequestTarget("/%61%20b?%61")
        #expect(rewritten.path.elementsEqual("/a%20b".utf8))
        #expect(try #require(rewritten.query).elementsEqual("%61".utf8))
        #expect(try RequestTarget("/a").query == nil)
        #expect(try #require(try RequestTarget("/a?").query).isEmpty)
    }

    @Test func `a path knows of its encoded slash`() throws {
        #expect(try RequestTarget("/a%2Fb").containsEncodedSlash)
        #expect(try RequestTarget("/a%2fb").containsEncodedSlash)
        #expect(try RequestTarget("/a/b?%2F").containsEncodedSlash == false)
        #expect(try RequestTarget("/a%20b").containsEncodedSlash == false)
    }

    @Test(arguments: [
        ("", RequestRefusal.emptyTarget), ("a", .targetForm), ("*", .targetForm), ("?a", .targetForm),
        ("http://a/", .targetForm), ("example.com:443", .targetForm), (" /", .targetForm), ("\\a", .targetForm),
        ("%2Fa", .targetForm), ("./a", .targetForm),
    ])
    func `only origin form is a target`(_ text: String, _ refusal: RequestRefusal) {
        #expect(throws: refusal) { try RequestTarget(text) }
    }

    @Test func `a target has a length`() throws {
        let longest = "/" + String(repeating: "a", count: RequestTarget.maximumLength - 1)
        #expect(try RequestTarget(longest).text.utf8.count == RequestTarget.maximumLength)
        #expect(throws: RequestRefusal.targetTooLong) { try RequestTarget(longest + "a") }
        #expect(throws: RequestRefusal.targetTooLong) { try RequestTarget("/?" + longest) }
    }

    @Test(arguments: [
        ("/?a#b", RequestRefusal.fragment), ("/?a b", .controlByte), ("/?a\r\nb", .controlByte),
        ("/?\u{0}", .controlByte),
        ("/?\t", .controlByte), ("/?\u{7F}", .controlByte), ("/?\u{FFFD}", .invalidUTF8), ("/?a\n", .controlByte),
        ("/a.b?\u{1}", .controlByte),
    ])
    func `a query is free but for what no request may hold`(_ text: String, _ refusal: RequestRefusal) {
        #expect(throws: refusal) { try RequestTarget(text) }
    }

    @Test(arguments: [
        ("http://app.example.com/a?b", Scheme.http, "app.example.com", "/a?b"),
        ("HTTPS://App.Example.com:443", .https, "app.example.com", "/"),
        ("https://app.example.com:8443?b", .https, "app.example.com:8443", "/?b"),
        ("http://[::1]:80//a", .http, "[::1]", "//a"),
    ])
    func `an absolute target is taken apart`(_ text: String, _ scheme: Scheme, _ host: String, _ rest: String) throws {
        let parts = try RequestTarget.split(absolute: text)
        #expect(parts.scheme == scheme)
        #expect(parts.authority.text == host)
        #expect(parts.target.utf8.elementsEqual(rest.utf8))
    }

    @Test(arguments: [
        ("ftp://a/", RequestRefusal.targetScheme), ("/a", .targetForm), ("a:443", .targetScheme),
        ("http:/a", .targetForm),
        ("http:a", .targetForm), ("http:\\\\a\\", .targetForm), ("http:///a", .badHost), ("http://u@a/", .userInfo),
        ("http://a\\@b/", .userInfo), ("http://a b/", .badHost), ("http://a:0/", .badPort), ("", .targetForm),
        ("http://a\\b/", .badHost), ("javascript:alert(1)", .targetScheme), ("http\u{301}://a/", .targetScheme),
    ])
    func `a crooked absolute target is refused`(_ text: String, _ refusal: RequestRefusal) {
        #expect(throws: refusal) { try RequestTarget.split(absolute: text) }
    }

    @Test func `whatever a stranger sends is refused or has one reading`() {
        let seeds = ["/a/b?c=d", "/a%2Fb/%E6%97%A5", "/x/100%25/y//z", "/%61/..b/c.d"].map { Array($0.utf8) }
        let words = [
            "../", "..", "%2e", "%2F", "%5c", "\\", ";", "%3b", "%25", "%252e", "//", "/./", "#", "?", "%00",
            "%C0%AE", "%u002e",
            "．．", "／", "%EF%BC%8E", "\u{FFFD}", ". ", "%20", "%3F", "%23",
        ].map { Array($0.utf8) }
        var generator = SeededGenerator(seed: 1)
        var accepted = 0
        for round in 0..<6000 {
            let bytes = generator.mutated(seeds[round % seeds.count], words: words)
            guard let target = try? RequestTarget(String(decoding: bytes, as: UTF8.self)) else { continue }
            accepted += 1
            let again = try? RequestTarget(target.text)
            #expect(
                again.map { Array($0.text.utf8) } == Array(target.text.utf8),
                "canonical once is canonical for good"
            )
            #expect(again?.containsEncodedSlash == target.containsEncodedSlash)
            #expect(target.text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x23 })
            #expect(target.text.utf8.first == 0x2F)
            #expect(NaiveServer.isConfused(by: Array(target.path)) == false, "\(target.text)")
        }
        #expect(accepted > 500)
    }
}

/// A server as simple and as gullible as they come, written without a look at the code under test: it decodes up to three
/// times, takes every slash for a slash, and cuts segments at semicolons.
private enum NaiveServer {
    static func isConfused(by path: [UInt8]) -> Bool {
        var path = path
        for _ in 0..<3 {
            path = Self.decoded(path)
            let text = String(decoding: path, as: UTF8.self)
            for segment in text.split(separator: "/", omittingEmptySubsequences: false) {
                let name = segment.prefix { $0 != ";" }
                if name == "." || name == ".." { return true }
            }
            if path.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0x5C || $0 == 0x3B }) { return true }
        }
        return false
    }

    private static func decoded(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = path[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == 0x25, digits.utf8.count == 2, digits.first != "+", digits.first != "-",
                let value = UInt8(digits, radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}
