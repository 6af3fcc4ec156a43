import Cryptography
import TestSupport
import Testing

struct KeyRingTests {
    private let message = Array("a session".utf8)
    private let secret = [UInt8](0x40..<0x60)
    private let host = Array("app.example.com".utf8)

    private func box(of ring: KeyRing) throws -> [UInt8] {
        try ring.seal(message, for: "session", secret: secret, context: host)
    }

    @Test func whatIsSealedOpens() throws {
        let ring = try KeyRing([.generate()])
        for length in [0, 1, 15, 16, 17, 800, 100_000] {
            let plaintext = [UInt8](repeating: 0xE9, count: length)
            let box = try ring.seal(plaintext, for: "session", secret: secret, context: host)
            #expect(box.count == length + KeyRing.overhead)
            #expect(try ring.open(box, for: "session", secret: secret, context: host) == plaintext)
        }
    }

    @Test func emptySecretAndContextAreAllowed() throws {
        let ring = try KeyRing([.generate()])
        let box = try ring.seal([], for: "", secret: [], context: [])
        #expect(try ring.open(box, for: "", secret: [], context: []) == [])
    }

    /// Sealed by another implementation (Python's cryptography), so that the format cannot change unnoticed.
    @Test(arguments: [
        ("AYqN4D7aEPl8oKGio6Slpqeoqaqr3VHHRQGZo5YfjzGfyWNpvPfZ5To-suRRSIRGo8SWThvFcWo", "known to both sides"),
        ("AYqN4D7aEPl8oKGio6SlpqeoqaqrKuJxApO7MxZHrGINfNWkxw", ""),
    ])
    func aBoxOfAnotherImplementationOpens(text: String, plaintext: String) throws {
        let ring = try KeyRing([SealingKey(Secret([UInt8](0..<32)))])
        let box = try #require(Base64URL.decode(text))
        #expect(try ring.open(box, for: "session", secret: secret, context: host) == Array(plaintext.utf8))
    }

    // MARK: Refusals

    @Test func anotherPurposeSecretOrContextDoesNotOpen() throws {
        let ring = try KeyRing([.generate()])
        let box = try box(of: ring)
        let attempts: [(String, [UInt8], [UInt8])] = [
            ("sign-in", secret, host), ("", secret, host), ("Session", secret, host), ("session\0", secret, host),
            ("session", [], host), ("session", secret + [0], host), ("session", [0] + secret, host),
            ("session", secret.reversed(), host), ("session", secret, []), ("session", secret, host + [0]),
            ("session", secret, Array("app.example.con".utf8)), ("session", host, secret),
        ]
        for (purpose, secret, context) in attempts {
            #expect(throws: CryptographyError.boxRefused) {
                try ring.open(box, for: purpose, secret: secret, context: context)
            }
        }
    }

    @Test func whatMovesBetweenPurposeSecretAndContextIsSeen() throws {
        let ring = try KeyRing([.generate()])
        let box = try ring.seal(message, for: "ab", secret: [0x63], context: [0x64])
        let attempts: [(String, [UInt8], [UInt8])] = [
            ("a", [0x62, 0x63], [0x64]), ("abc", [], [0x64]), ("ab", [], [0x63, 0x64]), ("abd", [0x63], []),
            ("a", [0x63], [0x62, 0x64]), ("ab\0c", [], [0x64]),
        ]
        for (purpose, secret, context) in attempts {
            #expect(throws: CryptographyError.boxRefused) {
                try ring.open(box, for: purpose, secret: secret, context: context)
            }
        }
        let moved = try ring.seal(message, for: "a\0b", secret: [], context: [])
        #expect(throws: CryptographyError.boxRefused) {
            try ring.open(moved, for: "a", secret: [0x62], context: [])
        }
    }

    @Test func everyBitOfABoxCounts() throws {
        let ring = try KeyRing([.generate()])
        let box = try box(of: ring)
        for index in box.indices {
            for bit in 0..<8 {
                var changed = box
                changed[index] ^= 1 << bit
                #expect(throws: CryptographyError.boxRefused) {
                    try ring.open(changed, for: "session", secret: secret, context: host)
                }
            }
        }
    }

    @Test func anEmptyShortenedOrLengthenedBoxIsRefused() throws {
        let ring = try KeyRing([.generate()])
        let box = try box(of: ring)
        for length in box.indices {
            #expect(throws: CryptographyError.boxRefused) {
                try ring.open(Array(box[..<length]), for: "session", secret: secret, context: host)
            }
        }
        for longer in [box + [0], [1] + box, box + box] {
            #expect(throws: CryptographyError.boxRefused) {
                try ring.open(longer, for: "session", secret: secret, context: host)
            }
        }
        let empty = try ring.seal([], for: "session", secret: secret, context: host)
        #expect(throws: CryptographyError.boxRefused) {
            try ring.open(Array(empty.dropLast()), for: "session", secret: secret, context: host)
        }
    }

    @Test func noStrangersBytesOpen() throws {
        let ring = try KeyRing([.generate()])
        let box = try box(of: ring)
        var generator = SeededGenerator(seed: 38)
        for _ in 0..<3000 {
            let changed = generator.mutated(box, words: [Array(box[..<9]), Array(box.suffix(16))])
            guard changed != box else { continue }
            #expect(throws: CryptographyError.boxRefused) {
                try ring.open(changed, for: "session", secret: secret, context: host)
            }
        }
    }

    @Test func whatIsTooLongIsNotSealed() throws {
        let ring = try KeyRing([.generate()])
        let tooLong = [UInt8](repeating: 0, count: KeyRing.maximumLength + 1)
        #expect(throws: CryptographyError.tooLong) { try ring.seal(tooLong, for: "x", secret: [], context: []) }
    }

    // MARK: Rotation

    @Test func theFirstKeySealsAndAllOpen() throws {
        let old = SealingKey.generate()
        let new = SealingKey.generate()
        let both = try KeyRing([new, old])
        let sealedBefore = try box(of: KeyRing([old]))
        let sealedAfter = try box(of: both)
        #expect(Array(sealedAfter[1..<9]) == new.name)
        #expect(try both.open(sealedBefore, for: "session", secret: secret, context: host) == message)
        #expect(try both.open(sealedAfter, for: "session", secret: secret, context: host) == message)
        #expect(try KeyRing([new]).open(sealedAfter, for: "session", secret: secret, context: host) == message)
        #expect(throws: CryptographyError.boxRefused) {
            try KeyRing([new]).open(sealedBefore, for: "session", secret: secret, context: host)
        }
    }

    @Test func aBoxUnderAnotherKeysNameIsRefused() throws {
        let (first, second) = (SealingKey.generate(), SealingKey.generate())
        let ring = try KeyRing([first, second])
        var box = try box(of: ring)
        box.replaceSubrange(1..<9, with: second.name)
        #expect(throws: CryptographyError.boxRefused) {
            try ring.open(box, for: "session", secret: secret, context: host)
        }
    }

    @Test func aRingHasKeysAndNoneTwice() throws {
        let key = SealingKey.generate()
        #expect(throws: CryptographyError.noKeys) { try KeyRing([]) }
        #expect(throws: CryptographyError.duplicateKey) { try KeyRing([key, .generate(), key]) }
    }

    @Test func theSameTextIsNeverSealedTheSame() throws {
        let ring = try KeyRing([.generate()])
        let boxes = try (0..<200).map { _ in try box(of: ring) }
        #expect(Set(boxes.map { Array($0[9..<21]) }).count == boxes.count)
        #expect(Set(boxes.map { Array($0[21...]) }).count == boxes.count)
    }

    @Test func aRingNeverPrintsItsKeys() throws {
        let key = SealingKey.generate()
        var dumped = ""
        dump(try KeyRing([key]), to: &dumped)
        #expect(!dumped.utf8.indices.contains { dumped.utf8[$0...].starts(with: key.text.utf8) })
    }
}
