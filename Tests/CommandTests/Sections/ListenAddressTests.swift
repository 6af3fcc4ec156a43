import Command
import Gateway
import Testing

struct ListenAddressTests {
    typealias ListenAddress = Configuration.ListenAddress

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("0.0.0.0:80", "0.0.0.0", 80), ("[::1]:443", "::1", 443),
        ("[::]:65535", "::", 65535), ("localhost:1", "localhost", 1), ("127.0.0.1:0", "127.0.0.1", 0),
    ])
    func anAddressHasAPort(_ text: String, _ host: String, _ port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(text)?.text == text)
    }

    @Test(arguments: [
        "", ":", ":8080", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
        "127.0.0.1:8o",
        "::1:8080", "[::1]", "[127.0.0.1]:80", "[]:80", "256.0.0.1:80", "1.2.3:80", "01.2.3.4:80", "example.com:80",
        "http://127.0.0.1:80", "127.0.0.1:80 ", " 127.0.0.1:80", "127.0.0.1:٨٠", "127.0.0.1:999999999999999999999",
        "[::1%lo]:80", "[[::1]]:80",
    ])
    func whatIsNoAddressIsRefused(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:1", "127.0.0.1:1"), ("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "127.0.0.1:1"),
        ("[::1]:1", "[0::1]:1"),
        ("localhost:1", "127.0.0.1:1"), ("[::]:1", "0.0.0.0:1"), ("[::0]:1", "[::1]:1"),
    ])
    func twoListenersCannotShareAPort(_ first: String, _ second: String) throws {
        let (first, second) = (try #require(ListenAddress(first)), try #require(ListenAddress(second)))
        #expect(first.collides(with: second))
        #expect(second.collides(with: first))
    }

    @Test(arguments: [
        ("127.0.0.1:1", "127.0.0.1:2"), ("127.0.0.1:1", "127.0.0.2:1"), ("127.0.0.1:0", "127.0.0.1:0"),
        ("[::1]:1", "127.0.0.1:1"),
    ])
    func listenersApartDoNotCollide(_ first: String, _ second: String) throws {
        let (first, second) = (try #require(ListenAddress(first)), try #require(ListenAddress(second)))
        #expect(!first.collides(with: second))
    }
}
