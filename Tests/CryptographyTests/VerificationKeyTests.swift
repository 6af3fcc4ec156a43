import Cryptography
import Testing

struct VerificationKeyTests {
    private let message = Array("header.claims".utf8)

    @Test(arguments: SignatureVector.all)
    func publishedSignaturesAreValid(vector: SignatureVector) throws {
        let key = try VerificationKey(vector.numbers)
        #expect(key.isValid(vector.signature, over: vector.message, with: vector.algorithm))
        for algorithm in SignatureAlgorithm.allCases where algorithm != vector.algorithm {
            #expect(!key.isValid(vector.signature, over: vector.message, with: algorithm))
        }
    }

    @Test func publishedKeysAreAccepted() throws {
        for numbers in SignatureVector.keySet { #expect(throws: Never.self) { try VerificationKey(numbers) } }
    }

    @Test func pssSignaturesOfAnotherImplementationAreValid() throws {
        let key = try VerificationKey(PSSVector.numbers)
        for (algorithm, signature) in PSSVector.good {
            #expect(key.isValid(signature, over: PSSVector.message, with: algorithm))
        }
    }

    /// RFC 7518 section 3.5: the salt is as long as the digest, and MGF1 uses the same digest.
    @Test func pssSignaturesWithAnotherSaltOrMaskAreNot() throws {
        let key = try VerificationKey(PSSVector.numbers)
        for signature in PSSVector.odd {
            for algorithm in SignatureAlgorithm.allCases {
                #expect(!key.isValid(signature, over: PSSVector.message, with: algorithm))
            }
        }
    }

    // MARK: Forgeries

    @Test func aSignatureIsValidForItsKeyAndAlgorithmOnly() throws {
        for algorithm in SignatureAlgorithm.allCases {
            let signer = try TestKeys.fitting(algorithm)
            let signature = try signer.sign(message, with: algorithm)
            for (kind, key) in try TestKeys.all() {
                let verification = try VerificationKey(key.publicNumbers)
                for tried in SignatureAlgorithm.allCases {
                    let isValid = verification.isValid(signature, over: message, with: tried)
                    #expect(isValid == (key === signer && tried == algorithm), "\(algorithm) as \(tried) with \(kind)")
                }
            }
        }
    }

    @Test func anotherKeyOfTheSameKindDoesNotVouch() throws {
        for kind in [SigningKey.Kind.elliptic(.p256), .elliptic(.p384), .elliptic(.p521), .edwards] {
            let (signer, stranger) = (try SigningKey.generate(kind), try SigningKey.generate(kind))
            let verification = try VerificationKey(stranger.publicNumbers)
            for algorithm in SignatureAlgorithm.allCases {
                guard let signature = try? signer.sign(message, with: algorithm) else { continue }
                #expect(!verification.isValid(signature, over: message, with: algorithm))
            }
        }
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func everyBitOfASignatureAndItsMessageCounts(algorithm: SignatureAlgorithm) throws {
        let signer = try TestKeys.fitting(algorithm)
        let key = try VerificationKey(signer.publicNumbers)
        let signature = try signer.sign(message, with: algorithm)
        for index in signature.indices {
            var forged = signature
            forged[index] ^= 1 << UInt8(index % 8)
            #expect(!key.isValid(forged, over: message, with: algorithm))
        }
        for index in message.indices {
            var other = message
            other[index] ^= 1 << UInt8(index % 8)
            #expect(!key.isValid(signature, over: other, with: algorithm))
        }
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func aSignatureOfAnotherLengthIsRefused(algorithm: SignatureAlgorithm) throws {
        let signer = try TestKeys.fitting(algorithm)
        let key = try VerificationKey(signer.publicNumbers)
        let signature = try signer.sign(message, with: algorithm)
        let others = [
            [], [0], Array(signature.dropLast()), Array(signature.dropFirst()), signature + [0], [0] + signature,
            signature + signature, Array(signature.prefix(signature.count / 2)), [UInt8](repeating: 0, count: 100_000),
        ]
        for other in others { #expect(!key.isValid(other, over: message, with: algorithm)) }
    }

    @Test(arguments: [SignatureAlgorithm.PS256, .RS256])
    func aSignatureWithoutItsLeadingZeroIsRefused(algorithm: SignatureAlgorithm) throws {
        let signer = try TestKeys.fitting(algorithm)
        let key = try VerificationKey(signer.publicNumbers)
        // One in 256 begins with a zero.
        for number in 0... {
            let message = Array("message \(number)".utf8)
            let signature = try signer.sign(message, with: algorithm)
            guard signature[0] == 0 else { continue }
            #expect(key.isValid(signature, over: message, with: algorithm))
            #expect(!key.isValid(Array(signature.dropFirst()), over: message, with: algorithm))
            return
        }
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func aSignatureOfOneByteRepeatedIsRefused(algorithm: SignatureAlgorithm) throws {
        let signer = try TestKeys.fitting(algorithm)
        let key = try VerificationKey(signer.publicNumbers)
        let length = try signer.sign(message, with: algorithm).count
        for byte: UInt8 in [0x00, 0x01, 0x7F, 0x80, 0xFF] {
            #expect(!key.isValid([UInt8](repeating: byte, count: length), over: message, with: algorithm))
        }
    }

    /// The length of `S` is not enough: S plus the group's order would verify as well, and one signature would have two
    /// forms (RFC 8032 section 5.1.7).
    @Test func anEdwardsSignatureHasOneForm() throws {
        let signer = try TestKeys.edwards.get()
        let order: [UInt8] =
            [
                0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
            ] + [UInt8](repeating: 0, count: 15) + [0x10]
        var signature = try signer.sign(message, with: .EdDSA)
        var carry = 0
        for index in order.indices {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            signature[32 + index] = UInt8(sum & 0xFF)
            carry = sum >> 8
        }
        #expect(!(try VerificationKey(signer.publicNumbers).isValid(signature, over: message, with: .EdDSA)))
    }
}
