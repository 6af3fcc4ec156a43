import BackChannel
import Testing

@Suite struct BackChannelErrorTests {
    @Test(arguments: [BackChannelError.tls("/etc/own.pem"), .malformed("a.internal"), .other(code: 94, "10.0.0.1")])
    func detailsAreForTheOperatorAlone(_ error: BackChannelError) {
        let detail =
            switch error {
            case .tls(let detail), .malformed(let detail), .other(_, let detail): detail
            default: ""
            }
        #expect(!detail.isEmpty)
        #expect(!"\(error)".contains(detail))
        #expect(error.debugDescription.contains(detail))
    }

    @Test func everyErrorSaysSomethingOfItsOwn() {
        let errors: [BackChannelError] = [
            .timeout, .timeoutUnsent, .cannotResolve, .refused, .interrupted, .tls(""), .tooLarge, .insecureURL,
            .malformed(""),
            .cancelled, .shutDown, .other(code: 1, ""),
        ]
        let descriptions = errors.map(\.description)
        #expect(descriptions.allSatisfy { $0.hasPrefix("back channel: ") })
        #expect(Set(descriptions).count == errors.count)
    }
}
