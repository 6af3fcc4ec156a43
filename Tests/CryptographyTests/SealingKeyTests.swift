import Cryptography
import Testing

struct SealingKeyTests {
    @Test func aKeyHas32Bytes() throws {
        for length in [0, 16, 31, 33, 64] {
            #expect(throws: CryptographyError.keyLength(found: length)) {
                try SealingKey(Secret([UInt8](repeating: 1, count: length)))
            }
        }
        #expect(throws: Never.self) { try SealingKey(Secret([UInt8](repeating: 1, count: 32))) }
    }

    @Test func aKeyComesBackFromItsText() throws {
        let key = SealingKey.generate()
        #expect(key.text.utf8.count == 43)
        #expect(try SealingKey(text: key.text).name == key.name)
        #expect(try SealingKey(text: key.text).text == key.text)
    }

    @Test func otherTextIsRefused() {
        let text = SealingKey.generate().text
        #expect(throws: CryptographyError.keyText) { try SealingKey(text: text + "=") }
        #expect(throws: CryptographyError.keyText) { try SealingKey(text: " " + text) }
        #expect(throws: CryptographyError.keyLength(found: 0)) { try SealingKey(text: "") }
        #expect(throws: CryptographyError.keyLength(found: 3)) { try SealingKey(text: "Zm9v") }
    }

    @Test func keysHaveNamesOfTheirOwn() throws {
        let key = try SealingKey(Secret([UInt8](0..<32)))
        #expect(key.name == [0x8A, 0x8D, 0xE0, 0x3E, 0xDA, 0x10, 0xF9, 0x7C])
        #expect(Set((0..<100).map { _ in SealingKey.generate().name }).count == 100)
    }

    @Test func aKeyNeverPrints() {
        let key = SealingKey.generate()
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), "\([key])", dumped] {
            #expect(!text.utf8.indices.contains { text.utf8[$0...].starts(with: key.text.utf8) })
        }
    }
}
