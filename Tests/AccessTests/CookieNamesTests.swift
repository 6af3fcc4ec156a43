import Access
import Testing

struct CookieNamesTests {
    @Test func `over TLS a cookie belongs to one host`() {
        let names = CookieNames(name: "gatehouse", secure: true, domain: nil)
        #expect(names.ticket == "__Host-gatehouse")
        #expect(names.ticketBytes == Array("__Host-gatehouse".utf8))
        #expect(names.transactionPrefix == "__Host-gatehouse_tx_")
        #expect(names.transaction(suffix: "00c0ffee") == "__Host-gatehouse_tx_00c0ffee")
        #expect(names.flowCounter == "__Host-gatehouse_flow")
    }

    @Test func `a cookie of a domain says so, and one without TLS promises nothing`() {
        #expect(CookieNames(name: "g", secure: true, domain: "example.com").ticket == "__Secure-g")
        #expect(CookieNames(name: "g", secure: false, domain: nil).transaction(suffix: "1") == "g_tx_1")
        #expect(CookieNames(name: "g", secure: false, domain: "example.com").flowCounter == "g_flow")
    }

    @Test func `each provider has a ticket of its own, and sign-ins share their names`() {
        let names = CookieNames(name: "gatehouse", secure: true, domain: nil, provider: "partners")
        #expect(names.ticket == "__Host-gatehouse_at_partners")
        #expect(names.transaction(suffix: "1") == "__Host-gatehouse_tx_1")
        #expect(names.isOurs("gatehouse".utf8[...]))
        #expect(CookieNames(name: "gatehouse", secure: true, domain: nil).isOurs("Gatehouse_AT_x".utf8[...]))
        #expect(!names.isOurs("gatehouse_attic".utf8[...]))
    }

    @Test(arguments: [
        "__Host-gatehouse", "gatehouse", "__Secure-gatehouse", "__host-GateHouse", "GATEHOUSE",
        "__Host-gatehouse_tx_0a1b2c3d", "gatehouse_tx_", "__SECURE-gatehouse_TX_x",
        "__Host-gatehouse_flow", "gatehouse_FLOW",
    ])
    func `every spelling of our names is ours`(_ name: String) {
        for secure in [true, false] {
            #expect(CookieNames(name: "Gatehouse", secure: secure, domain: nil).isOurs(name.utf8[...]))
        }
    }

    @Test(arguments: [
        "", "g", "gatehous", "gatehouse2", "gatehouse_", "gatehouse_txt", "gatehouse_flower", "gatehouse-tx-1",
        "xgatehouse", "__Host-", "__Host-__Host-gatehouse", "__Hostgatehouse",
        "_gatehouse", "gatehouse_pref", "session", "gatehouse\u{301}",
    ])
    func `other names belong to the application`(_ name: String) {
        #expect(CookieNames(name: "gatehouse", secure: true, domain: nil).isOurs(name.utf8[...]) == false)
    }

    @Test func `a name is a token`() {
        for name in ["gatehouse", "a", "A-b.c_d~!#$%&'*+^`|1"] { #expect(CookieNames.isName(name)) }
        for name in ["", "a b", "a=b", "a;b", "a,b", "ä", "a\"", "a\r\nb", "(a)", "a/b", "a\u{301}"] {
            #expect(CookieNames.isName(name) == false)
        }
    }
}
