import Cryptography
import Testing

struct SigningKeyTests {
    private let message = Array("header.claims".utf8)

    @Test(arguments: SignatureAlgorithm.allCases)
    func whatIsSignedIsValid(algorithm: SignatureAlgorithm) throws {
        let key = try TestKeys.fitting(algorithm)
        let verification = try VerificationKey(key.publicNumbers)
        for message in [[], [0xFF, 0x00, 0xFE], message, [UInt8](repeating: 0xE9, count: 70_000)] {
            let signature = try key.sign(message, with: algorithm)
            #expect(verification.isValid(signature, over: message, with: algorithm))
            #expect(!verification.isValid(signature, over: message + [0], with: algorithm))
        }
    }

    @Test func aKeySignsWithItsOwnAlgorithmsOnly() throws {
        for (kind, key) in try TestKeys.all() {
            for algorithm in SignatureAlgorithm.allCases where try TestKeys.fitting(algorithm) !== key {
                #expect(throws: CryptographyError.algorithmRefused, "\(kind) with \(algorithm)") {
                    try key.sign(message, with: algorithm)
                }
            }
        }
    }

    @Test func ellipticSignaturesHaveTheLengthOfTwoCoordinates() throws {
        // Often enough on the quick curve to meet coordinates that begin with zeros.
        for (algorithm, length, rounds) in [(SignatureAlgorithm.ES256, 64, 300), (.ES384, 96, 20), (.ES512, 132, 20)] {
            let key = try TestKeys.fitting(algorithm)
            let verification = try VerificationKey(key.publicNumbers)
            for round in 0..<rounds {
                let message = [UInt8(round & 0xFF), UInt8(round >> 8)]
                let signature = try key.sign(message, with: algorithm)
                #expect(signature.count == length)
                #expect(verification.isValid(signature, over: message, with: algorithm))
            }
        }
    }

    @Test func publicNumbersHaveTheLengthsOfTheirKind() throws {
        for curve in EllipticCurve.allCases {
            for _ in 0..<20 {
                guard case .elliptic(curve, let x, let y) = try SigningKey.generate(.elliptic(curve)).publicNumbers
                else {
                    Issue.record("not a key of \(curve)")
                    return
                }
                #expect(x.count == curve.coordinateLength)
                #expect(y.count == curve.coordinateLength)
            }
        }
        guard case .edwards(let x) = try TestKeys.edwards.get().publicNumbers,
            case .rsa(let modulus, let exponent) = try TestKeys.rsa.get().publicNumbers
        else {
            Issue.record("not the kinds that were asked for")
            return
        }
        #expect(x.count == 32)
        #expect(modulus.count == 256)
        #expect(exponent == [1, 0, 1])
    }

    @Test func twoKeysAreNeverTheSame() throws {
        #expect(try SigningKey.generate(.edwards).publicNumbers != SigningKey.generate(.edwards).publicNumbers)
    }

    @Test func rsaKeysOfOtherSizesAreNotMade() {
        for bits in [Int.min, -1, 0, 512, 1024, 2047, 16385, Int.max] {
            #expect(throws: CryptographyError.keySize) { try SigningKey.generate(.rsa(bits)) }
        }
    }
}

struct DerivedKeyTests {
    @Test func aDerivedKeyIsTheSameForTheSameKeyAndPurpose() throws {
        let sealingKey = SealingKey.generate()
        let key = try SigningKey.derived(from: sealingKey, for: "a")
        #expect(try SigningKey.derived(from: sealingKey, for: "a").publicNumbers == key.publicNumbers)
        #expect(try SigningKey.derived(from: sealingKey, for: "b").publicNumbers != key.publicNumbers)
        #expect(try SigningKey.derived(from: .generate(), for: "a").publicNumbers != key.publicNumbers)
    }

    @Test func whatItSignsItsPublicNumbersVerify() throws {
        for _ in 0..<20 {
            let key = try SigningKey.derived(from: .generate(), for: "a")
            let signature = try key.sign([1, 2, 3], with: .ES256)
            let verification = try VerificationKey(key.publicNumbers)
            #expect(verification.isValid(signature, over: [1, 2, 3], with: .ES256))
            #expect(!verification.isValid(signature, over: [1, 2], with: .ES256))
        }
    }
}
