import Access
import Command
import Cryptography
import Gateway
import Testing

struct SessionSectionTests {
    @Test func everythingIsRead() throws {
        let (first, second) = (SealingKey.generate(), SealingKey.generate())
        let sample = Sample().with(
            "session",
            "store = \"redis\"",
            "lifetime = \"8h\"",
            "idle = \"30m\"",
            "keys = [\"\(first.text)\", \"\(second.text)\"]",
            "max_in_memory = 10"
        ).with("cookie", "name = \"sid\"", "same_site = \"strict\"")
        let configuration = try #require(sample.reading().configuration)
        #expect(configuration.session.store == .redis)
        #expect(configuration.session.lifetime == .seconds(28_800))
        #expect(configuration.session.idle == .seconds(1_800))
        #expect(configuration.session.keys.map(\.text) == [first.text, second.text])
        #expect(configuration.session.maximumInMemory == 10)
        #expect(configuration.cookie.name == "sid")
        #expect(configuration.cookie.sameSite == .strict)
    }

    @Test func tokensForPagesAreNamedOneByOne() throws {
        let sample = Sample().with("session", "token_resources = [\"https://a\"]", "organization_tokens = true")
        let tokens = try #require(sample.reading().configuration).session.tokens
        #expect(tokens.resources == ["https://a"])
        #expect(tokens.forOrganizations)
        let wrong = Sample().with("session", "token_resources = [\"api\"]").reading().problems
        #expect(wrong.contains { $0.key == "session.token_resources" })
    }

    @Test func replicasNeedAKeyInCommon() {
        let sample = Sample().with("session", "store = \"redis\"")
        #expect(
            sample.problems() == [
                "session.keys: found nothing; "
                    + "allowed at least one sealing key with store = \"redis\"; `gatehouse key` makes one"
            ]
        )
        #expect(Sample().with("session", "keys = []").problems().isEmpty)
    }

    @Test func idleIsNoLongerThanLifetime() {
        #expect(
            Sample().with("session", "lifetime = \"1h\"", "idle = \"2h\"").problems() == [
                "session.idle: found \"2h\"; allowed no more than lifetime, which is \"1h\""
            ]
        )
        #expect(Sample().with("session", "lifetime = \"1h\"", "idle = \"1h\"").problems().isEmpty)
        let short = Sample().with("session", "lifetime = \"1h\"").reading().configuration
        #expect(short?.session.idle == .seconds(3_600))
    }

    @Test func keysMayComeFromAFileOnePerLine() throws {
        let (first, second) = (SealingKey.generate(), SealingKey.generate())
        let file = try TemporaryFile("\(first.text)\n\(second.text)\r\n\n")
        let sample = Sample().with("session", "keys_file = \"\(file.path)\"")
        #expect(sample.reading().configuration?.session.keys.map(\.text) == [first.text, second.text])
        let both = sample.with("session", "keys = [\"\(first.text)\"]", "keys_file = \"\(file.path)\"")
        #expect(both.problems() == ["session.keys_file: found a file beside keys; allowed one of the two"])
    }

    @Test func aFileOfKeysThatGivesNoneIsAProblem() throws {
        for text in ["", "\n\n", "no key\n"] {
            let file = try TemporaryFile(text)
            let sample = Sample().with("session", "store = \"redis\"", "keys_file = \"\(file.path)\"")
            #expect(sample.problems().count == 1, "\(sample.problems())")
        }
        #expect(Sample().with("session", "keys_file = \"/no/such/file\"").problems().count == 1)
    }

    @Test func keysAreKeysAndNoneTwice() {
        let key = SealingKey.generate().text
        #expect(
            Sample().with("session", "keys = [\"\(key)\", \"short\"]").problems() == [
                "session.keys: found no sealing key in place 2; allowed sealing keys, from `gatehouse key`"
            ]
        )
        #expect(Sample().with("session", "keys = [\"\(key)\", \"\(key)\"]").problems().count == 1)
        #expect(Sample().with("session", "keys = \"\(key)\"").problems().count == 1)
    }

    @Test(arguments: [
        "a b", "a=b", "a;b", "a,b", "é", "__Host-a", "__host-a", "__Secure-x", "a\\tb", "a\\\"b", "a/b", "(a)",
        String(repeating: "a", count: 65),
    ])
    func aCookieNameIsAToken(_ name: String) {
        let problems = Sample().with("cookie", "name = \"\(name)\"").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("cookie.name: found \"") == true)
    }

    @Test func enumerationsHaveTheirSuggestions() {
        #expect(
            Sample().with("session", "store = \"Redis\"").problems() == [
                "session.store: found \"Redis\"; allowed \"memory\", \"redis\"; did you mean \"redis\"?"
            ]
        )
        #expect(
            Sample().with("cookie", "same_site = \"none\"").problems() == [
                "cookie.same_site: found \"none\"; allowed \"lax\", \"strict\""
            ]
        )
        #expect(Sample().with("session", "store = \"\"").problems().count == 1)
        #expect(Sample().with("session", "store = 1").problems().count == 1)
    }
}
