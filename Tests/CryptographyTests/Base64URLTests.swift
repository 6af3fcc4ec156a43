import Cryptography
import TestSupport
import Testing

struct Base64URLTests {
    /// RFC 4648 section 10, without padding.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func theVectorsOfTheStandardComeOut(text: String, encoded: String) {
        #expect(Base64URL.encode(Array(text.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(text.utf8))
    }

    /// RFC 7515 appendix C.
    @Test func theVectorOfJWSComesOut() {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test func everyLengthComesBackInEveryForm() {
        var generator = SeededGenerator(seed: 4648)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let text = Base64URL.encode(bytes)
            #expect(text.utf8.count == (length * 4 + 2) / 3)
            #expect(Base64URL.decode(text) == bytes)
            #expect(Base64URL.decode(Array(text.utf8)) == bytes)
            #expect(Base64URL.decode(("=" + text).utf8.dropFirst()) == bytes)
            #expect(Base64URL.decode(text.utf8.reversed().reversed() as [UInt8]) == bytes)
            #expect(Base64URL.decode(AnySequence(text.utf8)) == bytes)
        }
    }

    @Test(arguments: [
        "Z", "Zm9vY", "Zg==", "Zm8=", "Zm9v=", "=", "Zm9v\n", " Zm9v", "Zm 9v", "Zm+v", "Zm/v", "Zm9v.", "Zm9\u{0}",
        "Zmé", "Ｚm9v",
    ])
    func otherTextIsRefused(text: String) {
        #expect(Base64URL.decode(text) == nil)
        #expect(Base64URL.decode(Array(text.utf8)) == nil)
    }

    @Test func bitsBeyondTheLastByteAreRefused() {
        #expect(Base64URL.decode("Zh") == nil)
        #expect(Base64URL.decode("Zm9") == nil)
        #expect(Base64URL.decode("AB") == nil)
        #expect(Base64URL.decode("AAB") == nil)
        #expect(Base64URL.decode("AA") == [0])
        #expect(Base64URL.decode("AAA") == [0, 0])
    }

    @Test func exactly64BytesAreDigits() {
        let digits = (UInt8.min...UInt8.max).filter { Base64URL.decode([$0, 0x41, 0x41, 0x41]) != nil }
        #expect(digits.count == 64)
    }

    @Test func oneValueHasOneText() {
        var generator = SeededGenerator(seed: 7515)
        let seed = Array(Base64URL.encode(Array(0..<50)).utf8)
        for _ in 0..<4000 {
            let text = generator.mutated(seed, words: [[0x3D], [0x0A]])
            if let bytes = Base64URL.decode(text) { #expect(Array(Base64URL.encode(bytes).utf8) == text) }
        }
    }
}
