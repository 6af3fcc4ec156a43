import Redis
import Testing

struct ReplyTests {
    @Test func onlyTheStatusOKIsOK() {
        #expect(Reply.status("OK").isOK)
        for reply in [Reply.status("ok"), .status("OK "), .status("QUEUED"), .bytes(Array("OK".utf8)), .null] {
            #expect(!reply.isOK)
        }
    }
}
