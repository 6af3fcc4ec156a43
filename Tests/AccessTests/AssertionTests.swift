import Access
import Cryptography
import JSON
import OpenIDConnect
import TestSupport
import Testing

struct AssertionTests {
    private static func claims(_ assertion: Assertion) throws -> JSON {
        let parts = assertion.text.split(separator: ".")
        return try JSON.parse(try #require(Base64URL.decode(parts[1].utf8)))
    }

    @Test func `it says who, for whom, and for a minute at most`() throws {
        let keys = try AssertionKeys([.generate()])
        let assertion = try keys.assertion(
            for: .make(),
            issuer: "https://a.example",
            audience: "app",
            sessionID: "s",
            now: .somewhen
        )
        let claims = try Self.claims(assertion)
        #expect(claims["iss"] == "https://a.example")
        #expect(claims["aud"] == "app")
        #expect(claims["sub"] == "706lje0vqvfe")
        #expect(claims["roles"] == ["admin", "reader"])
        #expect(claims["exp"]?.integerValue == Instant.somewhen.seconds + 60)
        #expect(assertion.renewAt == .somewhen.advanced(by: .seconds(30)))
    }

    @Test func `it ends with its session`() throws {
        let keys = try AssertionKeys([.generate()])
        let session = Session.make(expiresAt: .somewhen.advanced(by: .seconds(10)))
        let assertion = try keys.assertion(for: session, issuer: "i", audience: "a", sessionID: "s", now: .somewhen)
        #expect(try Self.claims(assertion)["exp"]?.integerValue == Instant.somewhen.seconds + 10)
    }

    @Test func `keys follow from the sealing keys, and all are published`() throws {
        let (one, two) = (SealingKey.generate(), SealingKey.generate())
        let first = try #require(try AssertionKeys([one]).published["keys"]?.arrayValue)
        let both = try #require(try AssertionKeys([two, one]).published["keys"]?.arrayValue)
        #expect(first.count == 1 && both.count == 2)
        #expect(both[1] == first[0])
        #expect(both[0] != first[0])
        #expect(throws: CryptographyError.self) { try AssertionKeys([]) }
    }
}
