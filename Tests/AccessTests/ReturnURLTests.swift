import Access
import TestSupport
import Testing

struct ReturnURLTests {
    static func read(_ bytes: some Collection<UInt8>, scheme: Scheme = .https, host: String = "app.example.com") throws
        -> String?
    {
        ReturnURL(bytes, scheme: scheme, authority: try Authority(host, scheme: scheme))?.text
    }

    @Test(arguments: [
        "/", "/a", "/a/", "/a/b?c=d&e=f", "/a?u=https://b/c", "/a//b", "/a?b=//c", "/a?u=/\\evil.example", "/?",
        "/a?", "/a?b?c", "/a%20b", "/%E6%97%A5", "/a%2Fb", "/a:b@c", "/@evil.example",
        "/:80", "/a?x=%0d%0a", "/https://b/c", "/a?next=%2F%2Fevil.example", "/~user/x.y", "/a+b,c=d!$&'()*",
        "/search?q=a+b&q=%22c%22", "/100%25", "/a?b=c;d=e", "/[id]?a[]=1", "/.well-known/x",
    ])
    func `an honest path is kept whole`(_ text: String) throws {
        let kept = text.utf8.contains(0x5C) ? "/a?u=/%5Cevil.example" : text
        #expect(try Self.read(text.utf8) == kept)
    }

    @Test(arguments: [
        ("/a#b", "/a"), ("/a?b#c?d", "/a?b"), ("/#//evil.example", "/"), ("/a b?c d", "/a%20b?c%20d"),
        ("/日本?q=日", "/%E6%97%A5%E6%9C%AC?q=%E6%97%A5"), ("/a?\"<>", "/a?%22%3C%3E"), ("/%61", "/a"),
        ("/cafe\u{301}", "/cafe%CC%81"), ("/a?b=c\u{85}", "/a?b=c%C2%85"), ("/a%e6%97%a5", "/a%E6%97%A5"),
        ("/\u{FF0F}evil.example", "/%EF%BC%8Fevil.example"),
        ("/\u{3002}evil", "/%E3%80%82evil"),
    ])
    func `what may not stand in a header field is encoded, fragments go`(_ text: String, _ kept: String) throws {
        #expect(try Self.read(text.utf8) == kept)
    }

    @Test(arguments: [
        ("https://app.example.com", "/"), ("https://app.example.com/", "/"), ("https://app.example.com/a?b", "/a?b"),
        ("HTTPS://APP.example.COM/a", "/a"), ("https://app.example.com:443/a", "/a"),
        ("https://app.example.com?b", "/?b"), ("https://app.example.com#c", "/"),
        ("https://app.example.com/a?u=https://b/c", "/a?u=https://b/c"), ("https://app.example.com/a//b", "/a//b"),
    ])
    func `a URL of exactly our origin is its path`(_ text: String, _ kept: String) throws {
        #expect(try Self.read(text.utf8) == kept)
    }

    @Test func `the origin is scheme, host and port`() throws {
        #expect(try Self.read("http://localhost:8080/a".utf8, scheme: .http, host: "localhost:8080") == "/a")
        #expect(try Self.read("http://[::1]:8080/a".utf8, scheme: .http, host: "[0:0::1]:8080") == "/a")
        #expect(try Self.read("https://localhost:8080/a".utf8, scheme: .http, host: "localhost:8080") == nil)
        #expect(try Self.read("http://localhost/a".utf8, scheme: .http, host: "localhost:8080") == nil)
        #expect(try Self.read("http://localhost:80/a".utf8, scheme: .http, host: "localhost") == "/a")
        #expect(try Self.read("http://app.example.com:443/".utf8) == nil)
    }

    @Test(arguments: Payloads.all)
    func `an open redirect is refused`(_ payload: String) throws {
        #expect(try Self.read(payload.utf8) == nil, "\(payload.debugDescription)")
        #expect(try Self.read(payload.utf8, scheme: .http, host: "localhost:8080") == nil)
    }

    @Test func `there are a hundred kinds of open redirects here`() {
        #expect(Set(Payloads.all.map { Array($0.utf8) }).count >= 100)
    }

    @Test(
        arguments: [
            [0xFF], [0x2F, 0xFF], [0x2F, 0xC0, 0xAF], [0x2F, 0x2F, 0xE3, 0x80], [0x2F, 0x61, 0x3F, 0x80],
            [0xEF, 0xBB, 0xBF, 0x2F], [0x2F, 0xED, 0xA0, 0x80],
        ] as [[UInt8]]
    )
    func `bytes that are not UTF-8 are refused`(_ bytes: [UInt8]) throws {
        #expect(try Self.read(bytes) == nil)
    }

    @Test func `lengths are bounded`() throws {
        let long = "/" + String(repeating: "a", count: ReturnURL.maximumLength - 1)
        #expect(try Self.read(long.utf8) == long)
        #expect(try Self.read((long + "a").utf8) == nil)
        #expect(try Self.read([UInt8](repeating: 0x2F, count: 1 << 20)) == nil)
    }

    @Test func `the caller forbids what the path means, however it is spelt`() throws {
        let authority = try Authority("app.example.com", scheme: .https)
        func read(_ text: String) -> String? {
            ReturnURL(text.utf8, scheme: .https, authority: authority) { $0.path.starts(with: "/_gatehouse".utf8) }?
                .text
        }
        for text in [
            "/_gatehouse/sign-in", "/%5Fgatehouse/sign-out", "/_%67atehouse/x",
            "https://app.example.com/_gatehouse/sign-in?rd=/", "/_gatehouse/sign-in#x", "/x/../_gatehouse/y",
        ] {
            #expect(read(text) == nil)
        }
        #expect(read("/x?_gatehouse") == "/x?_gatehouse")
    }

    @Test(arguments: [
        ("/a?b=c", "/a?b=c"), ("/日?\"", "/%E6%97%A5?%22"), ("/a//b", "/a//b"), ("/a?b=\\", "/a?b=%5C"),
        ("/%61", "/a"),
    ])
    func `a challenged request returns to where it was`(_ target: String, _ text: String) throws {
        #expect(ReturnURL(try RequestTarget(target))?.text == text)
    }

    @Test(arguments: [
        "//", "//evil.example", "//evil.example/a?b", "///evil.example", "/%2Fevil.example", "/%2F%2Fevil.example",
        "//?a",
    ])
    func `a challenged request that looks like a host returns nowhere`(_ target: String) throws {
        #expect(ReturnURL(try RequestTarget(target)) == nil)
    }

    @Test func `whatever is asked for every browser stays on this host`() throws {
        let seeds = [
            "/a/b?u=https://b/c", "https://app.example.com/a", "//evil.example", "/\t/evil.example",
            "https:evil.example",
        ].map { Array($0.utf8) }
        let words = [
            "/", "//", "\\", "\t", "\n", "\r", "@", ":", "https:", "https://", "evil.example", "#", "?", "%2F", "%5C",
            "%09", ".", "..", "。", "／", " ", "\0", "app.example.com",
        ].map { Array($0.utf8) }
        var generator = SeededGenerator(seed: 9)
        var accepted = 0
        for round in 0..<6000 {
            let bytes = generator.mutated(seeds[round % seeds.count], words: words)
            guard let text = try Self.read(bytes) else { continue }
            accepted += 1
            #expect(NaiveBrowser.staysOnHost(text), "\(text)")
            #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 })
            #expect(try Self.read(text.utf8) == text, "what we accept we accept again")
        }
        #expect(accepted > 300)
    }
}

/// Follows a `Location` as the URL standard says: strips, trims, takes backslashes for slashes.
private enum NaiveBrowser {
    static func staysOnHost(_ location: String) -> Bool {
        var bytes = Array(location.utf8).filter { $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        while let first = bytes.first, first <= 0x20 { bytes.removeFirst() }
        let path = bytes.prefix { $0 != 0x3F && $0 != 0x23 }.map { $0 == 0x5C ? 0x2F : $0 }
        return path.first == 0x2F && path.dropFirst().first != 0x2F
    }
}
