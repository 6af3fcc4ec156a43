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

    @Test(arguments: [
        "8.0.0.0/8", "0.0.0.0/8", "172.0.0.0/8", "192.0.0.0/8", "11.0.0.0/9", "64:ff9b::/96", "64:ff9b::/64",
        "64:ff9b::/105", "2002::/16", "2002::/25", "2001::/32", "2000::/3", "2600::/16", "fc00::/6", "::/8",
    ])
    func `a large part of what is public is too wide`(_ text: String) throws {
        #expect(try #require(AddressRange(text)).isTooWide)
    }

    @Test(arguments: [
        "10.0.0.0/8", "172.16.0.0/12", "127.0.0.0/8", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7",
        "fd00::/8", "fe80::/10", "127.0.0.1", "::1", "104.16.0.0/13", "23.192.0.0/11", "203.0.113.7", "2400:cb00::/32",
        "2a06:98c0::/29", "2600:1400::/24", "64:ff9b::c000:200/120", "2001:db8::/32", "2002:c000:200::/48",
    ])
    func `a private network, and one of proxies, is not everything`(_ text: String) throws {
        #expect(try #require(AddressRange(text)).isTooWide == false)
    }
}
