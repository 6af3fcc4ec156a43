import Access
import Testing

struct SetCookieTests {
    @Test func `a cookie has the attributes we insist on`() {
        let cookie = SetCookie(name: "__Host-g", value: "abc", secure: true)
        #expect(cookie.text == "__Host-g=abc; Path=/; Secure; HttpOnly; SameSite=Lax")
        let strict = SetCookie(name: "g", value: "", maxAge: 600, sameSite: .strict, secure: false)
        #expect(strict.text == "g=; Path=/; Max-Age=600; HttpOnly; SameSite=Strict")
        let shared = SetCookie(name: "__Secure-g", value: "1", secure: true, domain: "example.com")
        #expect(shared.text == "__Secure-g=1; Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Lax")
    }

    @Test func `a cookie is taken back with the attributes it was set with`() {
        let text = SetCookie.expire("__Host-g", sameSite: .strict, secure: true).text
        #expect(
            text
                == "__Host-g=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Strict"
        )
        #expect(SetCookie(name: "g", value: "", maxAge: -5, secure: true).text.contains("Max-Age=0; Expires="))
    }

    @Test(arguments: [
        "gatehouse=x", "__Host-gatehouse=x; Path=/; Secure", "__HOST-GATEHOUSE=x", " gatehouse = x",
        "\tgatehouse\t=x", "gatehouse=", "gatehouse", "gatehouse;", "=gatehouse=x",
        "==gatehouse=x", " = gatehouse=x", "gatehouse_tx_00000000=x", "__Secure-gatehouse=x; Domain=example.com",
        "gatehouse_flow=9.9", "__Host-gatehouse \t=x", "gatehouse \n=x",
    ])
    func `an upstream cannot set a cookie of ours`(_ field: String) {
        for secure in [true, false] {
            let names = CookieNames(name: "gatehouse", secure: secure, domain: nil)
            #expect(SetCookie.isOurs(setCookieField: field, names: names))
        }
    }

    @Test(arguments: [
        "a=gatehouse=x", "gatehouse2=x", "session=gatehouse", "", ";gatehouse=x", "a; gatehouse=x", "\"gatehouse\"=x",
        "gatehouse\u{301}=x",
    ])
    func `an upstream sets its own cookies`(_ field: String) {
        let names = CookieNames(name: "gatehouse", secure: true, domain: nil)
        #expect(SetCookie.isOurs(setCookieField: field, names: names) == false)
    }
}
