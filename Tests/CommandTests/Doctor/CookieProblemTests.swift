import Command
import Testing

struct CookieProblemTests {
    private let good = "__Host-gatehouse_tx_1=abc; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax"

    private func title(_ cookie: String, isTLS: Bool = true) -> String? {
        CookieProblem(cookie, isTLS: isTLS)?.title
    }

    @Test func asWeSetItItIsGood() {
        #expect(self.title(self.good) == nil)
        #expect(self.title("gatehouse_tx_1=abc; Path=/; HttpOnly; SameSite=Lax", isTLS: false) == nil)
    }

    @Test func secureOverPlainHTTPIsDropped() {
        #expect(self.title(self.good, isTLS: false)?.contains("drop a Secure cookie") == true)
    }

    @Test(arguments: [
        ("Secure; ", "", "lost Secure"), ("HttpOnly; ", "", "lost HttpOnly"), ("; SameSite=Lax", "", "lost SameSite"),
        ("Path=/;", "Path=/x;", "Path is not /"), ("Path=/;", "Path=/; domain=example.com;", "got a Domain"),
        ("__Host-", "", "no __Host- prefix"),
    ])
    func whatAFrontMayDoIsSeen(_ old: String, _ new: String, _ words: String) {
        let changed = self.good.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
            .joined(separator: new)
        #expect(self.title(changed)?.contains(words) == true, "\(changed)")
    }
}
