/// Random numbers that are the same in every run (SplitMix64), so that what a fuzz test finds can be found again.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) {
        self.state = seed
    }

    package mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// A value somewhat like `bytes`: a few of them changed, removed, doubled, or replaced by words of the grammar under
    /// test.
    package mutating func mutated(_ bytes: [UInt8], words: [[UInt8]] = []) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            let position = Int.random(in: 0...bytes.count, using: &self)
            let end = min(bytes.count, position + Int.random(in: 0...4, using: &self))
            switch Int.random(in: 0..<6, using: &self) {
            case 0 where position < bytes.count: bytes[position] = UInt8.random(in: .min ... .max, using: &self)
            case 1 where position < bytes.count: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2: bytes.removeSubrange(position..<end)
            case 3: bytes.insert(contentsOf: Array(bytes[position..<end]), at: position)
            case 4: bytes.insert(UInt8.random(in: .min ... .max, using: &self), at: position)
            default: if let word = words.randomElement(using: &self) { bytes.insert(contentsOf: word, at: position) }
            }
        }
        return bytes
    }
}
