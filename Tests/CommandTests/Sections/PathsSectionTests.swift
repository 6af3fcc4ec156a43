import Command
import Gateway
import Testing

struct PathsSectionTests {
    private func paths(_ sample: Sample) -> Configuration.Paths? {
        sample.reading().configuration?.paths
    }

    @Test func everythingIsBelowThePrefix() throws {
        let paths = try #require(self.paths(Sample().with("paths", "prefix = \"/auth/gate\"")))
        #expect(paths.prefix == "/auth/gate")
        #expect(paths.signIn == "/auth/gate/sign-in")
        #expect(paths.callback == "/auth/gate/callback")
        #expect(paths.signOut == "/auth/gate/sign-out")
        #expect(paths.session == "/auth/gate/session")
        #expect(paths.signedOut == "/auth/gate/signed-out")
    }

    @Test func eachCanBeRenamed() throws {
        let sample = Sample().with(
            "paths",
            "sign_in = \"/sign-in\"",
            "callback = \"/callback\"",
            "sign_out = \"/sign-out\"",
            "session = \"/who\""
        )
        let paths = try #require(self.paths(sample))
        #expect(
            [paths.signIn, paths.callback, paths.signOut, paths.session] == [
                "/sign-in", "/callback", "/sign-out", "/who",
            ]
        )
        #expect(paths.prefix == "/_gatehouse")
        #expect(paths.signedOut == "/_gatehouse/signed-out")
    }

    @Test(arguments: [
        "sign-in", "/a/../b", "/a/./b", "/a//b", "/a/", "/a?b", "/a#b", "/a;b", "/%2e%2e/a", "/a%2fb", "/a\\\\b",
        "/%00", "/a%zz",
        "https://app.example.com/a", "/a b", "//a", "/a%255cb", "/é", "/a/\u{338}/b",
    ])
    func aPathIsCanonical(_ path: String) {
        for key in ["prefix", "sign_in", "callback", "sign_out", "session", "signed_out"] {
            let problems = Sample().with("paths", "\(key) = \"\(path)\"").problems()
            #expect(problems.count == 1)
            #expect(problems.first?.hasPrefix("paths.\(key): found \"") == true)
        }
    }

    @Test func anotherSpellingIsCorrected() {
        let problems = Sample().with("paths", "sign_in = \"/%73ign-in\"").problems()
        #expect(problems.first?.hasSuffix("; write \"/sign-in\"") == true)
    }

    @Test(arguments: ["prefix", "sign_in", "callback", "sign_out", "session"])
    func theRootIsNotOurs(_ key: String) {
        #expect(Sample().with("paths", "\(key) = \"/\"").problems().count == 1)
    }

    @Test func eachPathHasOneMeaning() {
        #expect(
            Sample().with("paths", "sign_in = \"/a\"", "callback = \"/a\"").problems() == [
                "paths.callback: found \"/a\"; allowed another path than that of sign_in"
            ]
        )
        #expect(Sample().with("paths", "sign_in = \"/_gatehouse/session\"").problems().count == 1)
        #expect(Sample().with("paths", "callback = \"/_gatehouse\"").problems().count == 1)
        #expect(Sample().with("paths", "session = \"/_gatehouse/signed-out\"").problems().count == 1)
        #expect(Sample().with("paths", "signed_out = \"/_gatehouse/sign-in\"").problems().count == 1)
        #expect(Sample().with("paths", "signed_out = \"/_gatehouse/signed-out\"").problems().isEmpty)
    }

    @Test func whoSignsOutIsNotSignedInAgain() {
        let sample = Sample().with("paths", "signed_out = \"/bye\"")
        #expect(
            sample.warnings() == [
                "paths.signed_out: the route \"app.example.com/\" asks for a sign-in there, right after the sign-out"
            ]
        )
        let open = sample.withRoute("path = \"/bye\"", "upstream = \"http://127.0.0.1:3000\"", "access = \"anyone\"")
        #expect(open.warnings().isEmpty)
        #expect(Sample().with("paths", "signed_out = \"/\"").with("route", "access = \"optional\"").warnings().isEmpty)
    }
}
