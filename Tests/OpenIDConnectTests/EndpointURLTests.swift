import OpenIDConnect
import Testing

struct EndpointURLTests {
    @Test func aURLIsTakenApart() throws {
        let url = try #require(EndpointURL("HTTPS://Auth.Example.com:8443/oidc/token?a=%41&b"))
        #expect(url.isTLS)
        #expect(url.authority == "auth.example.com:8443")
        #expect(url.target == "/oidc/token?a=%41&b")
        #expect(url.text == "https://auth.example.com:8443/oidc/token?a=%41&b")
        #expect(url.origin == "https://auth.example.com:8443")
        #expect(url.hasQuery)
    }

    @Test(
        arguments: [
            "http://logto", "http://logto:3001", "https://[::1]:1/", "https://[2001:db8::7]/oidc",
            "https://a.example?x",
            "https://my_service.internal/oidc", "https://192.0.2.1:65535/",
        ]
    )
    func anAbsoluteURLPasses(text: String) {
        #expect(EndpointURL(text)?.text == text)
    }

    @Test(
        arguments: [
            "", "https", "https:", "https:/", "https://", "https:///path", "//a.example/", "/oidc/token",
            "a.example/oidc",
            "ftp://a.example/", "javascript://a.example/", "file:///etc/passwd", "httpss://a.example",
            "https://user@a.example/", "https://user:pass@a.example/", "https://a.example@evil.example/",
            "https://a.example:/", "https://a.example:0/", "https://a.example:65536/",
            "https://a.example:99999999999999999999/",
            "https://a.example:80a/", "https://a.example:+80/", "https://a.example:80:80/", "https://:80/",
            "https://a.example/#x", "https://a.example/ x", "https://a.example/\tx", "https://a.example/\r\nHost: b",
            "https://a.example/\0", "https://a.example\\@b.example/", "https://a.example/\\x", "https://a%2eexample/",
            "https://exämple/", "https://a.example/ü", "https://[::1/", "https://[]/", "https://[a.example]/",
            "https://[::1]x/",
            "https://.example/", " https://a.example/", "https://a.example/ ", "https://a.example/<x>", "https://a,b/",
            "https://a.example/" + String(repeating: "x", count: 2_048),
        ]
    )
    func anythingElseIsNoEndpoint(text: String) {
        #expect(EndpointURL(text) == nil)
    }

    @Test(arguments: [
        "http://localhost", "http://LOCALHOST:8080/x", "http://127.0.0.1:1/", "http://127.8.9.10", "http://[::1]:3001/",
    ])
    func loopbackIsRecognised(text: String) throws {
        #expect(try #require(EndpointURL(text)).isLoopback)
    }

    @Test(
        arguments: [
            "http://127.0.0.1.example.com", "http://127.0.0.1.2", "http://localhost.example.com", "http://127.0.0",
            "http://127",
            "http://127.0.0.x", "http://0.0.0.0", "http://128.0.0.1", "http://[::2]", "http://a.localhost",
            "http://127.0.0.0001",
        ]
    )
    func otherHostsAreNotLoopback(text: String) throws {
        #expect(try !#require(EndpointURL(text)).isLoopback)
    }

    @Test func aPathMovesToAnotherOrigin() throws {
        let url = try #require(EndpointURL("https://auth.example.com/oidc/token?x=1"))
        let base = try #require(EndpointURL("http://logto:3001/"))
        #expect(base.isOriginOnly)
        #expect(!url.isOriginOnly)
        #expect(url.moved(to: base).text == "http://logto:3001/oidc/token?x=1")
    }
}
