import Access
import Gateway
import Testing

/// Who the browser is, when proxies stand in between (security rule 4).
struct ClientAddressTests {
    private func address(
        _ fields: [String],
        peer: String = "10.0.0.1",
        isTrusted: Bool = true
    ) throws -> ClientAddress {
        let trusted = try [#require(AddressRange("10.0.0.0/8")), #require(AddressRange("2001:db8::/32"))]
        return ClientAddress(peer: peer, isTrusted: isTrusted, fields: fields, trusted: trusted)
    }

    @Test func aStrangersTaleIsNotBelieved() throws {
        let client = try self.address(["192.0.2.1"], peer: "203.0.113.9", isTrusted: false)
        #expect(client.text == "203.0.113.9")
        #expect(client.forwardedFor == "203.0.113.9")
    }

    @Test func aProxyOfOursIsBelieved() throws {
        let client = try self.address(["192.0.2.1"])
        #expect(client.text == "192.0.2.1")
        #expect(client.forwardedFor == "192.0.2.1, 10.0.0.1")
    }

    @Test func whatTheBrowserItselfClaimsIsCutOff() throws {
        let client = try self.address(["127.0.0.1, 198.51.100.7,192.0.2.1"])
        #expect(client.text == "192.0.2.1")
        #expect(client.forwardedFor == "192.0.2.1, 10.0.0.1")
    }

    @Test func aChainOfOurOwnProxiesIsFollowed() throws {
        let client = try self.address(["192.0.2.1, 10.0.0.3", "10.0.0.2"])
        #expect(client.text == "192.0.2.1")
        #expect(client.forwardedFor == "192.0.2.1, 10.0.0.3, 10.0.0.2, 10.0.0.1")
    }

    @Test func whereAllAreOursTheFarthestIsTheBrowser() throws {
        #expect(try self.address(["10.0.0.3, 10.0.0.2"]).text == "10.0.0.3")
    }

    @Test(arguments: ["unknown", "", "192.0.2.1:80", "_hidden", "192.0.2.1\r\nX: y", "\u{0661}92.0.2.1", "192.0.2.256"])
    func whatIsNoAddressEndsTheChain(_ hop: String) throws {
        let client = try self.address(["192.0.2.1, \(hop), 10.0.0.2"])
        #expect(client.text == "10.0.0.2")
        #expect(client.forwardedFor == "10.0.0.2, 10.0.0.1")
    }

    @Test func addressesOfEitherKindAreReadAndSpacesLeftAside() throws {
        #expect(try self.address([" \t2001:db9::1 ,\t2001:db8::1\t"]).text == "2001:db9::1")
    }

    @Test func aProxyThatSaysNothingIsTheBrowser() throws {
        #expect(try self.address([]).text == "10.0.0.1")
    }
}
