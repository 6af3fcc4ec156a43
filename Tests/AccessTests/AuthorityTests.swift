import Access
import TestSupport
import Testing

struct AuthorityTests {
    @Test(arguments: [
        ("app.example.com", "app.example.com", Int?.none), ("APP.Example.COM", "app.example.com", nil),
        ("app.example.com:443", "app.example.com", nil), ("App.example.com:80", "app.example.com:80", 80),
        ("localhost:8080", "localhost:8080", 8080), ("127.0.0.1", "127.0.0.1", nil),
        ("127.0.0.1:1", "127.0.0.1:1", 1),
        ("a:65535", "a:65535", 65535), ("xn--wgv71a119e.example", "xn--wgv71a119e.example", nil),
        ("my_app", "my_app", nil),
        ("_a.b", "_a.b", nil), ("1a", "1a", nil), ("a.1b", "a.1b", nil), ("1.example", "1.example", nil),
        ("[::1]", "[::1]", nil), ("[::1]:443", "[::1]", nil), ("[::1]:80", "[::1]:80", 80),
        ("[2001:DB8:0:0:0:0:0:1]:8443", "[2001:db8::1]:8443", 8443), ("[2001:db8::0:1]", "[2001:db8::1]", nil),
        ("[::]", "[::]", nil), ("[1::]", "[1::]", nil), ("[::ffff:192.0.2.1]", "[::ffff:c000:201]", nil),
        ("[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]", nil), ("[1:2:3:4:5:6:7:0]", "[1:2:3:4:5:6:7:0]", nil),
        ("[0001:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]", nil), ("[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:102:304]", nil),
        ("[1::3:4:5:6:7:8]", "[1:0:3:4:5:6:7:8]", nil),
    ])
    func `a host has one spelling`(_ field: String, _ text: String, _ port: Int?) throws {
        let authority = try Authority(field, scheme: .https)
        #expect(authority.text == text)
        #expect(authority.port == port)
        #expect(try Authority(text, scheme: .https) == authority)
    }

    @Test func `the default port depends on the scheme`() throws {
        #expect(try Authority("a:80", scheme: .http).text == "a")
        #expect(try Authority("a:443", scheme: .http).text == "a:443")
        #expect(try Authority("a:80", scheme: .http) == Authority("A", scheme: .http))
        #expect(try Authority("a:80", scheme: .https) != Authority("a", scheme: .https))
    }

    @Test func `the host is the text without the port`() throws {
        #expect(try Authority("A.b:81", scheme: .https).host == "a.b")
        #expect(try Authority("[::1]:81", scheme: .https).host == "[::1]")
        #expect(try Authority("a.b", scheme: .https).host == "a.b")
    }

    @Test(arguments: [
        "", " ", ".", "..", "a..b", ".a", "a.", "example.com.", "a.:80", "-a", "a-", "a.-b", "a-.b", "_", "a._",
        "__.a", "a b", "a\tb", " a", "a ",
        "a,b", "a, b", "a/b", "a\\b", "a?b", "a#b", "a%20b", "%61", "a;b", "a\"b", "a'b", "a*b", "*.a", "a!b", "(a)",
        "a+b", "a=b", "a|b",
        "a\r\nb", "a\u{0}", "a\u{7F}", "ä.example", "日本.example", "a\u{3002}b", "a\u{FF0E}b", "a\u{FF61}b",
        "\u{FF41}", "a\u{AD}b", "a\u{200B}b",
        "e\u{301}.example", "K.example\u{212A}", "\u{212A}elvin", "a\u{FFFD}",
        // Numbers which browsers read as IPv4 addresses.
        "1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.1", "0x7f000001", "2130706433", "256.1.1.1", "1.2.3.4.5",
        "1.2.3", "01.2.3.4", "a.1", "a.0x1",
        "1.2.3.0x4", "a.0x", "1.2.3.256",
        // IPv6.
        "[]", "[", "]", "[:]", "[:::]", "[1]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1::2::3]", "[12345::]",
        "[g::]", "[::1", "::1", "[::1]a",
        "[::1]]", "[[::1]]", "[::1%eth0]", "[fe80::1%25eth0]", "[v1.a]", "[::1.2.3]", "[::1.2.3.256]", "[::01.2.3.4]",
        "[1:2:3:4:5:6:7:1.2.3.4]",
        "[1:2:3:4:5:6:7:8::]", "[1:]", "[:1]", "[::1 ]", "[ ::1]", "[127.0.0.1]", "[::1:]", "[1.2.3.4::]", "a[::1]",
        "[::1].a",
    ])
    func `a host that is none is refused`(_ field: String) {
        #expect(throws: RequestRefusal.badHost) { try Authority(field, scheme: .https) }
    }

    @Test(arguments: [
        "a:", "a:0", "a:00", "a:01", "a:0443", "a:65536", "a:99999", "a:123456", "a:-1", "a:+1", "a: 1", "a:1 ",
        "a:a", "a:8a", "a:80:80", "a:٣", "[::1]:",
        "[::1]:0", "[::1]:x", "a:18446744073709551617", "a:44\u{33}\u{301}",
    ])
    func `a port that is none is refused`(_ field: String) {
        #expect(throws: RequestRefusal.badPort) { try Authority(field, scheme: .https) }
    }

    @Test(arguments: [
        "u@a", "u:p@a", "@a", "a@", "a@[::1]", "app.example.com@evil.example", "app.example.com:443@evil.example",
    ])
    func `userinfo is refused`(_ field: String) {
        #expect(throws: RequestRefusal.userInfo) { try Authority(field, scheme: .https) }
    }

    @Test func `lengths are those of DNS`() throws {
        let label = String(repeating: "a", count: 63)
        let longest = "\(label).\(label).\(label).\(String(repeating: "b", count: 61))"
        #expect(try Authority(longest, scheme: .https).text == longest)
        #expect(throws: RequestRefusal.badHost) { try Authority(longest + "b", scheme: .https) }
        #expect(throws: RequestRefusal.badHost) { try Authority(label + "a", scheme: .https) }
        #expect(throws: RequestRefusal.badHost) { try Authority(String(repeating: "a.", count: 5000), scheme: .https) }
    }

    @Test func `whatever a stranger sends as a host is refused or ASCII in one spelling`() {
        let seeds = ["app.example.com:8443", "[2001:db8::1]:80", "127.0.0.1", "A-b_c.D"].map { Array($0.utf8) }
        let words = ["::", ":", "]", "[", ".", "0x", "@", "%", "-", "0", "1.2.3.4", "\u{3002}"].map { Array($0.utf8) }
        var generator = SeededGenerator(seed: 2)
        var accepted = 0
        for round in 0..<6000 {
            let field = String(decoding: generator.mutated(seeds[round % seeds.count], words: words), as: UTF8.self)
            guard let authority = try? Authority(field, scheme: .https) else { continue }
            accepted += 1
            let again = try? Authority(authority.text, scheme: .https)
            #expect(again.map { Array($0.text.utf8) } == Array(authority.text.utf8))
            #expect(authority.text.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-_.:[]".utf8.contains($0) })
            #expect(authority.port.map { (1...65535).contains($0) && $0 != 443 } ?? true)
            #expect(authority.text == authority.host + (authority.port.map { ":\($0)" } ?? ""))
        }
        #expect(accepted > 500)
    }
}
