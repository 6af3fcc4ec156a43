import Cryptography
import Testing

struct RandomTests {
    @Test func asManyBytesComeAsAreAskedFor() {
        for count in [0, 1, 12, 32, 1000] { #expect(Random.bytes(count).count == count) }
        #expect(Random.bytes(-1).isEmpty)
    }

    @Test func theyDiffer() {
        let values = (0..<1000).map { _ in Random.bytes(16) }
        #expect(Set(values).count == values.count)
    }
}
