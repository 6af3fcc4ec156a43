import Cryptography
import Testing

struct CryptographyErrorTests {
    @Test func everyErrorNamesItsRule() {
        let errors: [CryptographyError] = [
            .keyLength(found: 7), .keyText, .noKeys, .duplicateKey, .tooLong, .boxRefused, .publicKeyRefused, .keySize,
            .algorithmRefused, .library(operation: "seal", code: 0x1C8),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect("\(CryptographyError.boxRefused)" == "sealed value refused")
    }

    @Test func detailsAreForTheLogOnly() {
        #expect("\(CryptographyError.keyLength(found: 7))" == "a sealing key has 32 bytes")
        #expect(String(reflecting: CryptographyError.keyLength(found: 7)) == "a sealing key has 32 bytes, found 7")
        let failure = CryptographyError.library(operation: "seal", code: 0x1C8)
        #expect("\(failure)" == "cryptographic library failure 1c8")
        #expect(String(reflecting: failure) == "cryptographic library failure 1c8 in seal")
        #expect(String(reflecting: CryptographyError.boxRefused) == "sealed value refused")
    }
}
