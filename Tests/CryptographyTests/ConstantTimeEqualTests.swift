import Cryptography
import Testing

struct ConstantTimeEqualTests {
    @Test func equalBytesAreEqual() {
        #expect(constantTimeEqual([], []))
        #expect(constantTimeEqual([0], [0]))
        #expect(constantTimeEqual(Array(0...255), Array(0...255)))
    }

    @Test func everyDifferentBitIsSeen() {
        let bytes = [UInt8](0..<32)
        for index in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[index] ^= 1 << bit
                #expect(!constantTimeEqual(bytes, other))
            }
        }
    }

    @Test func anotherLengthIsDifferent() {
        #expect(!constantTimeEqual([], [0]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 2, 0]))
    }
}
