import Command
import Testing

struct FrontAddressTests {
    @Test func aNameLeadsToItsOwnPort() throws {
        let front = try #require(FrontAddress("https://App.example.com/"))
        #expect(front.origin == "https://app.example.com")
        #expect(front.host == "app.example.com")
        #expect(front.port == 443)
        #expect(!front.isLoopback)
    }

    @Test func connectLeadsElsewhere() throws {
        let front = try #require(FrontAddress("http://app.example.com:8080", connect: "[::1]:90"))
        #expect(front.origin == "http://app.example.com:8080")
        #expect(front.host == "::1")
        #expect(front.port == 90)
        #expect(front.isLoopback)
    }

    @Test func loopbackIsKnownInEveryForm() throws {
        #expect(try #require(FrontAddress("http://[::1]:80")).isLoopback)
        #expect(try #require(FrontAddress("http://localhost")).isLoopback)
        #expect(try #require(FrontAddress("http://127.1.2.3")).isLoopback)
        #expect(!(try #require(FrontAddress("http://127.0.0.1.example.com")).isLoopback))
    }

    @Test(arguments: [
        "app.example.com", "https://a/b", "https://u@a", "ftp://a", "https://a?b", "https://", "https://a:0",
    ])
    func anythingElseIsRefused(_ url: String) {
        #expect(FrontAddress(url) == nil)
    }

    @Test func connectIsAnAddress() {
        #expect(FrontAddress("https://a.example", connect: "somewhere:80") == nil)
        #expect(FrontAddress("https://a.example", connect: "1.2.3.4") == nil)
    }
}
