import Gateway
import Testing

struct CheckModeTests {
    private let paths = CheckPaths(.init())

    @Test(arguments: [
        ("/_gatehouse/check", CheckMode.authRequest), ("/_gatehouse/check?rd=/x", .authRequest),
        ("/_gatehouse/forward-auth", .forwardAuth), ("/_gatehouse/forward-auth?", .forwardAuth),
        ("/_gatehouse/ext-authz/", .extAuthz(target: "/")),
        ("/_gatehouse/ext-authz/a/b?c=d", .extAuthz(target: "/a/b?c=d")),
        ("/_gatehouse/ext-authz//a", .extAuthz(target: "//a")),
    ])
    func aCheckIsKnownByItsPath(_ target: String, _ mode: CheckMode) {
        #expect(self.paths.mode(of: target) == mode)
    }

    @Test(arguments: [
        "/", "", "/_gatehouse", "/_gatehouse/checks", "/_gatehouse/check/", "/_gatehouse/check/x", "/_gatehouse/Check",
        "/_gatehouse/%63heck", "/_gatehouse//check", "/_gatehouse/ext-authz", "/_gatehouse/ext-authz?x",
        "/_gatehouse/ext-authzx/", "http://a/_gatehouse/check", "/x/_gatehouse/check", "/_gatehouse/session",
    ])
    func everythingElseIsNone(_ target: String) {
        #expect(self.paths.mode(of: target) == nil)
    }

    @Test func onlyEnvoyIsToldThatNoCookieIsLeft() {
        #expect(CheckMode.extAuthz(target: "/").cookiesWhenNoneAreLeft == Array("Cookie: \r\n".utf8))
        #expect(CheckMode.authRequest.cookiesWhenNoneAreLeft.isEmpty)
        #expect(CheckMode.forwardAuth.cookiesWhenNoneAreLeft.isEmpty)
    }

    @Test func thePrefixIsTheOperators() {
        #expect(CheckPaths(.init(prefix: "/auth")).mode(of: "/auth/check") == .authRequest)
        #expect(CheckPaths(.init(prefix: "/auth")).mode(of: "/_gatehouse/check") == nil)
    }
}
