import Cryptography
import Gateway
import Testing

/// Pages of ours: what a stranger sent never becomes markup.
struct PageTests {
    private let hostile = #"<script>alert("1")</script>&'"#
    private let harmless = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"

    /// What stands between the first `start` and the `end` that follows it.
    private func part(of page: String, from start: String, to end: String) throws -> String {
        let bytes = Array(page.utf8)
        func position(of text: String, from first: Int) throws -> Int {
            let wanted = Array(text.utf8)
            return try #require((first...(bytes.count - wanted.count)).first { bytes[$0...].starts(with: wanted) })
        }
        let begin = try position(of: start, from: 0) + start.utf8.count
        return text(Array(bytes[begin..<(try position(of: end, from: begin))]))
    }

    @Test func whatMeansSomethingInMarkupIsEscaped() {
        #expect(Page.escaped(self.hostile) == self.harmless)
        #expect(Page.escaped("Grüße, 世界") == "Grüße, 世界")
        #expect(Page.escaped("") == "")
    }

    @Test func aRequestIDIsText() throws {
        let page = text(Page(.signedOut, requestID: self.hostile).bytes)
        #expect(try self.part(of: page, from: "Request ", to: "</p>") == self.harmless)
    }

    @Test func anActionCannotLeaveItsAttribute() throws {
        let actions: [Page.Action] = [
            .link(label: self.hostile, href: self.hostile), .button(label: self.hostile, action: self.hostile),
        ]
        let page = text(Page(.signedOut, actions: actions, requestID: nil).bytes)
        #expect(try self.part(of: page, from: "href=\"", to: "\"") == self.harmless)
        #expect(try self.part(of: page, from: "action=\"", to: "\"") != "")
        #expect(try self.part(of: page, from: "<form method=\"post\" action=\"", to: "\"") == self.harmless)
        #expect(!page.contains("<script"))
    }

    @Test func thePolicyAllowsExactlyTheStyleOfThePage() throws {
        let page = text(Page(.signedOut, requestID: nil).bytes)
        let style = try self.part(of: page, from: "<style>", to: "</style>")
        let digest = Base64.encode(Digest.sha256(Array(style.utf8)))
        let policy = Page.contentSecurityPolicy
        #expect(policy.contains("style-src 'sha256-\(digest)';"))
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        // A style attribute would need more than the digest.
        #expect(!page.contains("style="))
    }

    @Test func aPageThatNeedsNoRequestIDShowsNone() {
        #expect(!text(Page(.signedOut, requestID: nil).bytes).contains("Request "))
    }
}
