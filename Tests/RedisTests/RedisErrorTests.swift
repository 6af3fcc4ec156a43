import Redis
import Testing

struct RedisErrorTests {
    @Test(arguments: [
        ("WRONGTYPE Operation against a key", "WRONGTYPE"), ("NOAUTH Authentication required.", "NOAUTH"),
        ("ERR unknown command", "ERR"), ("LOADING", "LOADING"), ("MOVED 3999 127.0.0.1:6381", "MOVED"),
    ])
    func anErrorReplyIsKnownByItsFirstWord(message: String, code: String) {
        #expect(RedisError(reply: message) == .server(code: code, message: message))
        #expect(RedisError(reply: message).description == "Redis answered \(code)")
    }

    @Test(arguments: [
        "", " ERR", "lower case", "<script> x", "A\u{301} b", "ERR\u{200D} x", String(repeating: "A", count: 33),
    ])
    func whatDoesNotLookLikeACodeIsNotShown(message: String) {
        #expect(RedisError(reply: message) == .server(code: "ERR", message: message))
        #expect(RedisError(reply: message).description == "Redis answered ERR")
    }

    @Test func onlyTheDebugDescriptionHasDetails() {
        for error in RedisErrorTests.withDetails("s3cret key") {
            #expect(!error.description.contains("s3cret"))
            #expect(error.debugDescription.contains("s3cret"))
        }
    }

    @Test func everyErrorHasASentenceOfItsOwn() {
        let errors =
            RedisErrorTests.withDetails("") + [
                .timeout, .queueFull, .commandTooLarge, .replyTooLarge, .closed, .configuration("a rule"),
            ]
        #expect(Set(errors.map(\.description)).count == errors.count)
    }

    private static func withDetails(_ detail: String) -> [RedisError] {
        [
            .unavailable(detail), .connectionLost(detail), .tls(detail), .protocolViolation(detail),
            .server(code: "ERR", message: detail),
        ]
    }
}
