import Access
import Cryptography
import Gateway
import OpenIDConnect
import TestSupport
import Testing

/// Sign-ins under way, as the browser keeps them.
struct TransactionsTests {
    private let settings: Settings
    private let authority: Authority

    init() throws {
        self.settings = try Settings(.make())
        self.authority = try Authority("app.example.com", scheme: .https)
    }

    private func signIn(after seconds: Int64 = 0, authority: String = "app.example.com") -> SignIn {
        let startedAt = Instant.somewhen.advanced(by: .seconds(seconds))
        return SignIn(returnURL: .root, authority: authority, startedAt: startedAt)
    }

    private func name(of signIn: SignIn) -> String {
        self.settings.cookieNames.transaction(suffix: signIn.cookieSuffix)
    }

    private func cookie(_ signIn: SignIn) throws -> String {
        "\(self.name(of: signIn))=\(try signIn.sealed(with: self.settings.keys))"
    }

    private func transactions(_ cookies: [String]) -> Transactions {
        Transactions(cookies, settings: self.settings, authority: self.authority)
    }

    @Test func severalTabsEachFindTheirOwn() throws {
        let first = self.signIn()
        let second = self.signIn()
        let transactions = self.transactions(["a=1; \(try self.cookie(first))", try self.cookie(second)])
        #expect(transactions.signIn(for: Array(first.state.utf8))?.nonce == first.nonce)
        #expect(transactions.signIn(for: Array(second.state.utf8))?.nonce == second.nonce)
    }

    @Test func aStateThatThisBrowserDidNotBeginIsNothing() throws {
        let transactions = self.transactions([try self.cookie(self.signIn())])
        #expect(transactions.signIn(for: Array(self.signIn().state.utf8)) == nil)
        #expect(transactions.signIn(for: []) == nil)
    }

    @Test func aTransactionIsWorthNothingOnAnotherHost() throws {
        let elsewhere = self.signIn(authority: "other.example.com")
        #expect(self.transactions([try self.cookie(elsewhere)]).signIn(for: Array(elsewhere.state.utf8)) == nil)
    }

    @Test func aForgedCookieDoesNotShadowAGoodOne() throws {
        let signIn = self.signIn()
        let cookies = ["\(self.name(of: signIn))=forged", try self.cookie(signIn)]
        #expect(self.transactions(cookies).signIn(for: Array(signIn.state.utf8))?.nonce == signIn.nonce)
    }

    @Test func theOldestMakesRoomForTheSixth() throws {
        let signIns = (0..<5).map { self.signIn(after: [30, 10, 0, 20, 40][$0]) }
        let cookies = try signIns.map { try self.cookie($0) }
        #expect(self.transactions(Array(cookies.dropLast())).superfluous.isEmpty)
        #expect(self.transactions(cookies).superfluous == [self.name(of: signIns[2])])
    }

    @Test func whatNobodyCanOpenGoesFirst() throws {
        let signIns = (0..<5).map { self.signIn(after: Int64($0)) }
        let cookies = try signIns.map { try self.cookie($0) } + ["__Host-gatehouse_tx_00000000=junk"]
        let superfluous = self.transactions(cookies).superfluous
        #expect(superfluous == ["__Host-gatehouse_tx_00000000", self.name(of: signIns[0])])
    }

    @Test func theCookieOutlivesTheSignInAndIsClearedWithTheSameAttributes() throws {
        let signIn = self.signIn()
        let transactions = self.transactions([])
        let text = transactions.cookie(for: signIn, sealed: "value").text
        #expect(text == "\(self.name(of: signIn))=value; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax")
        let cleared = transactions.cleared(self.name(of: signIn)).text
        #expect(cleared.hasPrefix("\(self.name(of: signIn))=; Path=/; Max-Age=0;"))
        #expect(cleared.hasSuffix("; Secure; HttpOnly; SameSite=Lax"))
    }
}
