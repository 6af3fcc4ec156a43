import Cryptography
import Testing

struct SecretTests {
    @Test func aSecretNeverPrints() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])", dumped] {
            #expect(!Array(text.utf8).contains(UInt8(ascii: "2")))
        }
        #expect("\(secret)" == "(secret)")
        #expect(String(reflecting: secret) == "(secret)")
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func aSecretLendsItsBytes() {
        #expect(Secret([1, 2, 255]).withBytes { $0 } == [1, 2, 255])
        #expect(Secret("é").withBytes { $0 } == [0xC3, 0xA9])
        #expect(Secret("").count == 0)
        #expect(Secret([0, 0]).count == 2)
    }

    @Test func whatTheClosureThrowsIsThrown() {
        #expect(throws: CryptographyError.keyText) {
            try Secret("x").withBytes { _ throws(CryptographyError) in throw .keyText }
        }
    }

    @Test func secretsAreEqualWhenTheirBytesAre() {
        #expect(Secret("a") == Secret([0x61]))
        #expect(Secret("a") != Secret("b"))
        #expect(Secret("a") != Secret("aa"))
        #expect(Secret("\u{E9}") != Secret("e\u{301}"))
    }

    @Test func theCallersBytesAndCopiesOutliveASecret() {
        let bytes = [UInt8](1...32)
        var secret: Secret? = Secret(bytes)
        let copy = secret
        let kept = secret?.withBytes { $0 }
        secret = nil
        #expect(bytes == Array(1...32))
        #expect(copy?.withBytes { $0 } == bytes)
        #expect(kept == bytes)
    }
}
