import Access
import Cryptography
import TestSupport
import Testing

struct TicketTests {
    @Test func `a ticket comes back from its cookie`() throws {
        let ticket = Ticket.make()
        #expect(ticket.cookieValue.utf8.count == 86)
        let read = try #require(Ticket(cookieValue: ticket.cookieValue.utf8))
        #expect(read.id == ticket.id)
        #expect(read.secret == ticket.secret)
        #expect(read.key == ticket.key)
        #expect(Ticket(cookieValue: Array(ticket.cookieValue.utf8))?.id == ticket.id)
    }

    @Test func `no two tickets are alike`() {
        let tickets = (0..<100).map { _ in Ticket.make() }
        #expect(Set(tickets.map(\.key)).count == 100)
        #expect(Set(tickets.map(\.secret)).count == 100)
        #expect(tickets.allSatisfy { $0.id.count == 32 && $0.secret.count == 32 && $0.id != $0.secret })
    }

    @Test func `the known bytes give the known text`() throws {
        let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw"
        let ticket = try #require(Ticket(cookieValue: text.utf8))
        #expect(ticket.id == Array(0..<32))
        #expect(ticket.secret == Array(32..<64))
        #expect(ticket.cookieValue == text)
    }

    @Test func `another length is refused`() {
        let text = Array(Ticket.make().cookieValue.utf8)
        for length in [0, 1, 43, 84, 85] { #expect(Ticket(cookieValue: text.prefix(length)) == nil) }
        for tail in ["A", "=", "==", " ", "\0"] { #expect(Ticket(cookieValue: text + Array(tail.utf8)) == nil) }
        #expect(Ticket(cookieValue: repeatElement(UInt8(ascii: "A"), count: 1_000_000)) == nil)
    }

    @Test func `another character is refused at every place`() {
        let text = Array(Ticket.make().cookieValue.utf8)
        for index in text.indices {
            for byte in Array("+/= \"%.~\0\n".utf8) + [0x80, 0xFF] {
                var broken = text
                broken[index] = byte
                #expect(Ticket(cookieValue: broken) == nil)
            }
        }
    }

    @Test func `one ticket has one text`() throws {
        var text = Array(repeating: UInt8(ascii: "A"), count: 86)
        #expect(Ticket(cookieValue: text) != nil)
        for last in "BCDEFGHIJKLMNOP".utf8 {
            text[85] = last
            #expect(Ticket(cookieValue: text) == nil, "bits that belong to no byte must be zero")
        }
        text[85] = UInt8(ascii: "Q")
        #expect(Ticket(cookieValue: text)?.secret.last == 1)
    }

    @Test func `whatever a browser presents is refused or its own text`() {
        let seed = Array(Ticket.make().cookieValue.utf8)
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<5000 {
            let bytes = generator.mutated(seed, words: [[0x3D], [0x2B], Array("AAAA".utf8)])
            guard let ticket = Ticket(cookieValue: bytes) else { continue }
            #expect(Array(ticket.cookieValue.utf8) == bytes)
        }
    }

    @Test func `a ticket never prints`() {
        let ticket = Ticket.make()
        var dumped = ""
        dump([ticket], to: &dumped)
        for text in ["\(ticket)", String(reflecting: ticket), dumped] {
            #expect(text.contains("(ticket)"))
            #expect(!text.contains("\(ticket.secret[0]), \(ticket.secret[1])"))
        }
        #expect(!dumped.contains("secret"))
    }
}
