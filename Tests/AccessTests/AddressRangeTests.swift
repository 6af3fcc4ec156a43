import Access
import Testing

struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1"), ("192.0.2.1", "192.0.2.1"), ("192.0.2.1/32", "192.0.2.1"),
        ("0.0.0.0/0", "203.0.113.9"), ("::1", "::1"), ("2001:db8::/32", "2001:DB8:ffff::1"), ("fe80::/10", "febf::1"),
        ("::/0", "::1"),
        ("10.0.0.0/8", "::ffff:10.1.2.3"), ("172.16.0.0/12", "172.31.255.255"), ("128.0.0.0/1", "255.0.0.0"),
        ("::/1", "7fff::"),
    ])
    func `an address is inside`(_ range: String, _ address: String) throws {
        #expect(try #require(AddressRange(range)).contains(try #require(IPAddress(address))))
    }

    @Test(arguments: [
        ("10.0.0.0/8", "11.0.0.0"), ("192.0.2.1", "192.0.2.2"), ("0.0.0.0/0", "::1"), ("::/0", "127.0.0.1"),
        ("2001:db8::/32", "2001:db9::"), ("172.16.0.0/12", "172.32.0.0"), ("::1", "::2"), ("fe80::/10", "fec0::"),
        ("::/96", "::ffff:10.1.2.3"),
    ])
    func `an address is outside`(_ range: String, _ address: String) throws {
        #expect(try #require(AddressRange(range)).contains(try #require(IPAddress(address))) == false)
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08x",
        "10.0.0.0/8/8", "10.1.2.3/8", "10.0.0/8", "localhost", "10.0.0.0 /8", "10.0.0.0/ 8", "*", "10.*",
        "010.0.0.0/8", "[::1]/128", "::1%lo",
        "10.0.0.0/٨", "10.0.0.0/99999999999999999999", "1.2.3.4.5", "256.0.0.0/8", "10.0.0.0-10.0.0.9",
        "2001:db8::1/32",
    ])
    func `what is no network is refused`(_ text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test func `everything is everything`() throws {
        #expect(try #require(AddressRange("0.0.0.0/0")).isTooWide)
        #expect(try #require(AddressRange("::/0")).isTooWide)
        #expect(try #require(AddressRange("0.0.0.0/1")).isTooWide)
        #expect(try #require(AddressRange("8000::/1")).isTooWide)
    }

    @Test func `a private network is not everything`() throws {
        for text in ["10.0.0.0/8", "172.16.0.0/12", "fc00::/7", "127.0.0.1", "::1"] {
            #expect(try #require(AddressRange(text)).isTooWide == false)
        }
    }
}
