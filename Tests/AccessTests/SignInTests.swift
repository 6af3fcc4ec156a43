import Access
import Cryptography
import OpenIDConnect
import TestSupport
import Testing

struct SignInTests {
    private static func make(_ target: String = "/a?b=c", attempt: UInt8 = 0) throws -> SignIn {
        SignIn(
            returnURL: try #require(ReturnURL(try RequestTarget(target))),
            authority: "app.example.com",
            startedAt: .somewhen,
            attempt: attempt
        )
    }

    @Test func `a transaction comes back from its cookie`() throws {
        let keys = try KeyRing.make()
        for target in ["/", "/a?b=c", "/%E6%97%A5?q=%20", "/a//b?u=https://b/c"] {
            let signIn = try Self.make(target, attempt: 3)
            let value = try signIn.sealed(with: keys)
            let opened = try #require(SignIn.open(value.utf8, authority: "app.example.com", with: keys))
            #expect(opened.state == signIn.state)
            #expect(opened.nonce == signIn.nonce)
            #expect(opened.verifier == signIn.verifier)
            #expect(opened.proofKey.challenge == signIn.proofKey.challenge)
            #expect(opened.returnURL.text == target)
            #expect(opened.authority == "app.example.com")
            #expect(opened.startedAt == signIn.startedAt)
            #expect(opened.attempt == 3)
            #expect(opened.cookieSuffix == signIn.cookieSuffix)
            #expect(opened.claimName == signIn.claimName)
        }
    }

    @Test func `what was asked of the provider comes back too`() throws {
        let keys = try KeyRing.make()
        for stepUp in [StepUp.none, StepUp(classes: ["mfa", "é"], maximumAge: .seconds(600))] {
            let signIn = SignIn(returnURL: .root, authority: "a.example", startedAt: .somewhen, stepUp: stepUp)
            let value = try signIn.sealed(with: keys)
            #expect(SignIn.open(value.utf8, authority: "a.example", with: keys)?.stepUp == stepUp)
        }
    }

    @Test func `state, nonce and verifier are three different secrets each time`() throws {
        var seen: Set<String> = []
        for _ in 0..<50 {
            let signIn = try Self.make()
            for text in [signIn.state, signIn.nonce, signIn.verifier] {
                #expect(text.utf8.count == 43)
                #expect(Base64URL.decode(text)?.count == 32)
                #expect(seen.insert(text).inserted)
            }
        }
    }

    @Test func `the suffix follows from the state alone`() throws {
        let signIn = try Self.make()
        #expect(signIn.cookieSuffix == SignIn.cookieSuffix(forState: signIn.state.utf8))
        // SHA-256 of nothing begins with e3b0c442.
        #expect(SignIn.cookieSuffix(forState: []) == "e3b0c442")
    }

    @Test func `a state tells a second attempt from a first`() throws {
        for _ in 0..<50 {
            #expect(SignIn.isSecondAttempt(state: Array(try Self.make().state.utf8)) == false)
            #expect(SignIn.isSecondAttempt(state: Array(try Self.make(attempt: 1).state.utf8)))
        }
        #expect(SignIn.isSecondAttempt(state: []))
        #expect(SignIn.isSecondAttempt(state: Array("not base64url!".utf8)))
    }

    @Test func `a cookie stays small`() throws {
        let keys = try KeyRing.make()
        let short = try Self.make("/").sealed(with: keys)
        #expect(short.utf8.count <= 350)
        let query = String(repeating: "q", count: 8000)
        let long = try Self.make("/path?" + query)
        #expect(long.returnURL.text == "/path", "a long query goes")
        let longer = try Self.make("/" + query)
        #expect(longer.returnURL.text == "/", "and then a long path")
        #expect(try longer.sealed(with: keys).utf8.count <= 350)
        let fits = "/p?" + String(repeating: "q", count: 1997)
        #expect(try Self.make(fits).returnURL.text == fits)
        #expect(try Self.make(fits + "q").returnURL.text == "/p")
        #expect(try Self.make(fits).sealed(with: keys).utf8.count < 3100)
    }

    @Test func `another host, ring or purpose opens nothing`() throws {
        let keys = try KeyRing.make()
        let value = try Self.make().sealed(with: keys)
        #expect(SignIn.open(value.utf8, authority: "other.example.com", with: keys) == nil)
        #expect(SignIn.open(value.utf8, authority: "", with: keys) == nil)
        #expect(SignIn.open(value.utf8, authority: "app.example.com", with: try .make()) == nil)
        let box = try keys.seal([1, 2, 3], for: "session", secret: [], context: Array("app.example.com".utf8))
        #expect(SignIn.open(Base64URL.encode(box).utf8, authority: "app.example.com", with: keys) == nil)
        #expect(SignIn.open([], authority: "app.example.com", with: keys) == nil)
        #expect(SignIn.open(Ticket.make().cookieValue.utf8, authority: "app.example.com", with: keys) == nil)
    }

    @Test func `a rotated key still opens`() throws {
        let old = SealingKey.generate()
        let value = try Self.make().sealed(with: KeyRing([old]))
        let rotated = try KeyRing([SealingKey.generate(), old])
        #expect(SignIn.open(value.utf8, authority: "app.example.com", with: rotated) != nil)
    }

    @Test func `what is sealed but not a transaction is refused`() throws {
        let keys = try KeyRing.make()
        func open(_ plaintext: [UInt8]) throws -> SignIn? {
            let box = try keys.seal(plaintext, for: "sign-in", secret: [], context: Array("app.example.com".utf8))
            return SignIn.open(Base64URL.encode(box).utf8, authority: "app.example.com", with: keys)
        }
        let head: [UInt8] = [2] + [UInt8](repeating: 7, count: 96) + [0, 0, 0, 0, 0, 0, 0, 9, 0]
        let tail = [UInt8](repeating: 255, count: 8) + [0]
        #expect(try open(head + [0, 0, 0, 1, 0x2F] + tail) != nil)
        #expect(try open(head + [0, 0, 0, 1, 0x2F] + tail + [0]) == nil)
        #expect(try open(head + [0, 0, 0, 1, 0x2F]) == nil)
        #expect(try open(head + [0, 0, 0, 1, 0x2F] + tail.dropLast() + [1]) == nil, "a class is missing")
        #expect(
            try open(head + [0, 0, 0, 2, 0x2F, 0x2F] + tail) == nil,
            "not even we may send browsers to another host"
        )
        #expect(try open(head + [0, 0, 0, 0] + tail) == nil)
        #expect(try open([1] + head.dropFirst() + [0, 0, 0, 1, 0x2F] + tail) == nil)
        for length in 0..<head.count { #expect(try open(Array(head.prefix(length))) == nil) }
    }

    @Test func `whatever a browser presents opens only when it is what we sealed`() throws {
        let keys = try KeyRing.make()
        let value = Array(try Self.make().sealed(with: keys).utf8)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let bytes = generator.mutated(value, words: [Array("AAAA".utf8), [0x3D]])
            #expect(SignIn.open(bytes, authority: "app.example.com", with: keys) == nil || bytes == value)
        }
        #expect(SignIn.open([UInt8](repeating: 0x41, count: 1 << 20), authority: "app.example.com", with: keys) == nil)
    }

    @Test func `a transaction never prints`() throws {
        let signIn = try Self.make()
        var dumped = ""
        dump(signIn, to: &dumped)
        for text in ["\(signIn)", String(reflecting: signIn), dumped] {
            #expect(!text.contains(signIn.verifier) && !text.contains(signIn.nonce) && !text.contains(signIn.state))
        }
    }
}
