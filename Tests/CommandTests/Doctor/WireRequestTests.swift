import Command
import Testing

struct WireRequestTests {
    @Test func nothingIsNormalised() {
        var request = WireRequest("/a/../%2e", host: "h", fields: [("X_User", "1"), ("x_user", "2")])
        request.method = "OPTIONS"
        request.connection = "close, X-User"
        let text = String(decoding: request.bytes, as: UTF8.self)
        #expect(text.hasPrefix("OPTIONS /a/../%2e HTTP/1.1\r\nHost: h\r\n"))
        #expect(text.contains("\r\nX_User: 1\r\nx_user: 2\r\n"))
        #expect(text.hasSuffix("\r\nConnection: close, X-User\r\n\r\n"))
        #expect(!text.contains("Sec-Fetch"))
    }

    @Test func aNavigationLooksLikeOne() {
        var request = WireRequest("/", host: "h")
        request.isNavigation = true
        let text = String(decoding: request.bytes, as: UTF8.self)
        #expect(text.contains("\r\nSec-Fetch-Mode: navigate\r\n"))
        #expect(text.contains("\r\nAccept: text/html\r\n"))
    }
}
