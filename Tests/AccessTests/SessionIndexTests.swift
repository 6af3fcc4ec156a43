import Access
import TestSupport
import Testing

struct SessionIndexTests {
    @Test func aSessionIsFoundByPersonByTheProvidersSessionAndAmongAll() {
        let key = Ticket.make().key
        let indexes = SessionIndex.all(of: .make(), under: key)
        let issuer = Identity.make().issuer
        #expect(indexes.contains(.subject("706lje0vqvfe", issuer: issuer)))
        #expect(indexes.contains(.providerSession("sid", issuer: issuer)))
        #expect(Set(indexes).intersection(SessionIndex.shares).count == 1)
        #expect(SessionIndex.all(of: .make(providerSessionID: nil), under: key).count == 2)
    }

    @Test func noTwoPersonsShareAnIndex() {
        let names = [
            SessionIndex.subject("a", issuer: "b"), .subject("b", issuer: "a"), .subject("", issuer: "ab"),
            .subject("a", issuer: "b1:"), .subject("1:a", issuer: "b"), .providerSession("a", issuer: "b"),
        ].map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func aNameTellsNobodyWhoseItIs() {
        let name = SessionIndex.subject("alice", issuer: "https://auth.example.com").name
        #expect(!name.contains("alice") && !name.contains("example"))
    }
}
