import NIOCore
import Redis
import Testing

struct RedisTrackingHandlerConversationTests {
    @Test func trackingIsAskedForUnderOurOwnName() {
        var conversation = RedisTrackingHandler.Conversation()
        conversation.opened([.authenticate, .name], prefix: "gh:session:", deadline: at(2_000))
        #expect(conversation.received(.status("OK")) == .none)
        #expect(conversation.received(.status("OK")) == .none)
        let commands = [
            RedisCommand("CLIENT", "TRACKING", "ON", "REDIRECT", "7", "BCAST", "PREFIX", "gh:session:"),
            RedisCommand("SUBSCRIBE", "__redis__:invalidate"),
        ]
        #expect(conversation.received(.integer(7)) == .send(commands))
        #expect(conversation.received(.status("OK")) == .none)
        #expect(conversation.received(message("subscribe", .integer(1))) == .tell(.began))
    }

    @Test func changesAreTold() {
        var conversation = told()
        let keys = Reply.array([.bytes([1]), .bytes([2])])
        #expect(conversation.received(message("message", keys)) == .tell(.changed([[1], [2]])))
        #expect(conversation.received(message("message", .null)) == .tell(.changedAll))
    }

    @Test func whatIsConfirmedIsWhenTheQuestionWasAsked() {
        var conversation = told()
        #expect(conversation.confirmed == nil)
        #expect(conversation.ping(now: at(100)) == .send([RedisCommand("PING")]))
        #expect(conversation.ping(now: at(300)) == .send([RedisCommand("PING")]))
        #expect(conversation.confirmed == nil)
        #expect(conversation.received(pong) == .none)
        #expect(conversation.confirmed == at(100))
        #expect(conversation.received(pong) == .none)
        #expect(conversation.confirmed == at(300))
    }

    @Test func aServerThatDoesNotAnswerIsGivenUp() {
        var conversation = told()
        _ = conversation.ping(now: at(100))
        #expect(conversation.ping(now: at(2_100)) == .send([RedisCommand("PING")]))
        #expect(conversation.ping(now: at(2_101)) == .close(.timeout))
        #expect(conversation.received(pong) == .none)
        #expect(conversation.ping(now: at(3_000)) == .none)
        #expect(conversation.confirmed == nil)
    }

    @Test func aGreetingThatIsNotAnsweredIsGivenUp() {
        var conversation = RedisTrackingHandler.Conversation()
        #expect(conversation.ping(now: at(1)) == .none)
        conversation.opened([.name], prefix: "", deadline: at(2_000))
        #expect(conversation.ping(now: at(1_999)) == .none)
        #expect(conversation.ping(now: at(2_000)) == .close(.timeout))
    }

    @Test func aRefusalIsHandedOn() {
        let noPermission = RedisError.server(code: "NOPERM", message: "NOPERM no")
        var identifying = RedisTrackingHandler.Conversation()
        identifying.opened([], prefix: "", deadline: at(2_000))
        #expect(identifying.received(.error("NOPERM no")) == .close(noPermission))
        var enabling = RedisTrackingHandler.Conversation()
        enabling.opened([], prefix: "", deadline: at(2_000))
        _ = enabling.received(.integer(7))
        #expect(enabling.received(.error("NOPERM no")) == .close(noPermission))
        var subscribing = RedisTrackingHandler.Conversation()
        subscribing.opened([], prefix: "", deadline: at(2_000))
        _ = subscribing.received(.integer(7))
        _ = subscribing.received(.status("OK"))
        #expect(subscribing.received(.error("NOPERM no")) == .close(noPermission))
    }

    @Test func nonsenseEndsIt() {
        for reply in [
            Reply.null, .status("OK"), .array([]), pong, message("message", .integer(1)), message("other", .null),
            message("message", .array([.null])), .array([.bytes(Array("message".utf8))]),
            .array([.bytes(Array("message".utf8)), .bytes(Array("elsewhere".utf8)), .null]),
        ] {
            var conversation = told()
            guard case .close(.protocolViolation) = conversation.received(reply) else {
                Issue.record("\(reply) was taken")
                continue
            }
        }
    }

    private var pong: Reply { .array([.bytes(Array("pong".utf8)), .bytes([])]) }

    private func message(_ kind: String, _ content: Reply) -> Reply {
        .array([.bytes(Array(kind.utf8)), .bytes(Array("__redis__:invalidate".utf8)), content])
    }

    private func told() -> RedisTrackingHandler.Conversation {
        var conversation = RedisTrackingHandler.Conversation()
        conversation.opened([], prefix: "", deadline: at(2_000))
        _ = conversation.received(.integer(7))
        _ = conversation.received(.status("OK"))
        _ = conversation.received(message("subscribe", .integer(1)))
        return conversation
    }

    private func at(_ milliseconds: UInt64) -> NIODeadline {
        .uptimeNanoseconds(milliseconds * 1_000_000)
    }
}
