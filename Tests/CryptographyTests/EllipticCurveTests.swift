import Cryptography
import Testing

struct EllipticCurveTests {
    @Test func curvesHaveTheNamesAndLengthsOfJSONWebKeys() {
        #expect(EllipticCurve.allCases.map(\.rawValue) == ["P-256", "P-384", "P-521"])
        #expect(EllipticCurve.allCases.map(\.coordinateLength) == [32, 48, 66])
        #expect(EllipticCurve(rawValue: "secp256k1") == nil)
    }
}
