import Access
import Cryptography
import Testing

struct SessionKeyTests {
    @Test func `a key is the digest of the id`() {
        let ticket = Ticket.make()
        #expect(ticket.key.bytes == Digest.sha256(ticket.id))
        #expect(ticket.key.bytes != ticket.id)
    }

    @Test func `a key is written in hexadecimal`() throws {
        let ticket = try #require(Ticket(cookieValue: repeatElement(UInt8(ascii: "A"), count: 86)))
        // SHA-256 of 32 zero bytes.
        #expect(ticket.key.hex == "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925")
    }

    @Test func `keys are equal by all their bytes`() {
        let ticket = Ticket.make()
        #expect(ticket.key == Ticket(cookieValue: ticket.cookieValue.utf8)?.key)
        #expect(ticket.key != Ticket.make().key)
    }
}
