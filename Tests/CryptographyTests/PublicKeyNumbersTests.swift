import Cryptography
import Testing

/// Which numbers are a key is decided by `VerificationKey`.
struct PublicKeyNumbersTests {
    private func expectRefusal(
        _ numbers: PublicKeyNumbers,
        _ what: Comment,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: CryptographyError.publicKeyRefused, what, sourceLocation: location) {
            try VerificationKey(numbers)
        }
    }

    // MARK: Elliptic

    @Test func aPointMustBeOnItsCurve() throws {
        guard case .elliptic(let curve, let x, let y) = SignatureVector.p256 else {
            Issue.record("the vector is an elliptic key")
            return
        }
        for index in 0..<32 {
            var otherX = x
            var otherY = y
            otherX[index] ^= 1
            otherY[index] ^= 0x80
            expectRefusal(.elliptic(curve: curve, x: x, y: otherY), "y changed at \(index)")
            expectRefusal(.elliptic(curve: curve, x: otherX, y: otherY), "both changed at \(index)")
        }
        expectRefusal(.elliptic(curve: curve, x: y, y: x), "swapped")
        for curve in EllipticCurve.allCases {
            for byte: UInt8 in [0x00, 0x01, 0xFF] {
                let number = [UInt8](repeating: byte, count: curve.coordinateLength)
                expectRefusal(.elliptic(curve: curve, x: number, y: number), "\(byte) on \(curve)")
            }
        }
    }

    @Test func aPointOfOneCurveIsNoneOfAnother() throws {
        for (_, key) in try TestKeys.all() {
            guard case .elliptic(let own, let x, let y) = key.publicNumbers else { continue }
            for curve in EllipticCurve.allCases where curve != own {
                expectRefusal(.elliptic(curve: curve, x: x, y: y), "\(own) as \(curve)")
                func fitted(_ number: [UInt8]) -> [UInt8] {
                    [UInt8](repeating: 0, count: max(0, curve.coordinateLength - number.count))
                        + number.suffix(curve.coordinateLength)
                }
                expectRefusal(.elliptic(curve: curve, x: fitted(x), y: fitted(y)), "\(own) fitted to \(curve)")
            }
        }
    }

    /// RFC 7518 section 6.2.1.2: the full size of a coordinate.
    @Test func aCoordinateHasItsFullLength() throws {
        guard case .elliptic(let curve, let x, let y) = SignatureVector.p256 else {
            Issue.record("the vector is an elliptic key")
            return
        }
        expectRefusal(.elliptic(curve: curve, x: [0] + x, y: y), "x longer")
        expectRefusal(.elliptic(curve: curve, x: x, y: [0] + y), "y longer")
        expectRefusal(.elliptic(curve: curve, x: Array(x.dropLast()), y: y), "x shorter")
        expectRefusal(.elliptic(curve: curve, x: x + y, y: []), "all in x")
        expectRefusal(.elliptic(curve: curve, x: [], y: []), "empty")
        expectRefusal(.elliptic(curve: curve, x: x, y: []), "no y")
    }

    // MARK: RSA

    @Test func anRSAModulusHas2048To16384Bits() throws {
        let modulus = SignatureVector.rsaModulus
        let exponent: [UInt8] = [1, 0, 1]
        #expect(throws: Never.self) { try VerificationKey(.rsa(modulus: modulus, exponent: exponent)) }
        #expect(throws: Never.self) { try VerificationKey(.rsa(modulus: [0, 0] + modulus, exponent: [0] + exponent)) }
        var shorter = modulus
        shorter[0] = 0x7F
        expectRefusal(.rsa(modulus: shorter, exponent: exponent), "2047 bits")
        expectRefusal(.rsa(modulus: [0] + shorter, exponent: exponent), "2047 bits behind a zero")
        expectRefusal(.rsa(modulus: Array(modulus.suffix(128)), exponent: exponent), "1024 bits")
        let longest = [UInt8](repeating: 0xFF, count: 2048)
        #expect(throws: Never.self) { try VerificationKey(.rsa(modulus: longest, exponent: exponent)) }
        expectRefusal(.rsa(modulus: [1] + longest, exponent: exponent), "16385 bits")
        expectRefusal(.rsa(modulus: [UInt8](repeating: 0xFF, count: 1_000_000), exponent: exponent), "8 million bits")
        expectRefusal(.rsa(modulus: [], exponent: exponent), "empty")
        expectRefusal(.rsa(modulus: [UInt8](repeating: 0, count: 256), exponent: exponent), "zero")
        expectRefusal(.rsa(modulus: modulus.dropLast() + [0xA0], exponent: exponent), "even")
    }

    /// With an exponent of 1 a padded digest would be its own signature.
    @Test func anRSAExponentIsOddAndAtLeast3() throws {
        let modulus = SignatureVector.rsaModulus
        for exponent: [UInt8] in [[3], [17], [1, 0, 1], [0, 0, 3], [UInt8](repeating: 0xFF, count: 8)] {
            #expect(throws: Never.self) { try VerificationKey(.rsa(modulus: modulus, exponent: exponent)) }
        }
        let refused: [[UInt8]] = [
            [], [0], [1], [0, 1], [2], [4], [1, 0, 0], [UInt8](repeating: 0xFF, count: 9), modulus,
        ]
        for exponent in refused { expectRefusal(.rsa(modulus: modulus, exponent: exponent), "\(exponent.prefix(4))") }
    }

    @Test func aLongKeyVerifiesWithoutHarm() throws {
        let key = try VerificationKey(
            .rsa(modulus: [UInt8](repeating: 0xFF, count: 2048), exponent: [UInt8](repeating: 0xFF, count: 8))
        )
        for algorithm in SignatureAlgorithm.allCases {
            #expect(!key.isValid([UInt8](repeating: 0x11, count: 2048), over: [1], with: algorithm))
        }
    }

    // MARK: Edwards

    @Test func anEdwardsKeyHas32Bytes() {
        for length in [0, 31, 33, 57, 64] {
            expectRefusal(.edwards(x: [UInt8](repeating: 1, count: length)), "\(length) bytes")
        }
    }
}
