import Access
import Testing

struct IPAddressTests {
    @Test(arguments: [
        ("::1", "0:0:0:0:0:0:0:1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:201", "192.0.2.1"),
        ("2001:DB8::", "2001:db8:0::0"),
    ])
    func `one address has many spellings`(_ one: String, _ other: String) throws {
        let address = try #require(IPAddress(one))
        #expect(address == IPAddress(other))
    }

    @Test func `different addresses differ`() {
        #expect(IPAddress("::1") != IPAddress("::2"))
        #expect(IPAddress("::192.0.2.1") != IPAddress("192.0.2.1"))
        #expect(IPAddress("192.0.2.1") != IPAddress("192.0.2.2"))
    }

    @Test(arguments: [
        "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4",
        "1..3.4", "1.2.3.", "١.2.3.4", "localhost", "[::1]", "::1%lo", "::1/128", ":", ":::", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "g::", "::1:",
        "1.2.3.4:80", "::ffff:1.2.3", "::ffff:1.2.3.4.5", "1:2:3:4:5:6:7::8:9", "12345::",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }
}
