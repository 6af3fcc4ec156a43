import Access
import Command
import Gateway
import Testing

struct HeadersSectionTests {
    private static func headers(_ lines: String...) -> HeaderSet? {
        let text = Sample().text + lines.joined(separator: "\n") + "\n"
        let reading = ConfigurationFile.read(Array(text.utf8), path: "g.toml", environment: [:])
        return reading.configuration?.routes.first?.headers
    }

    @Test func nothingIsSaidByDefault() {
        #expect(Self.headers() == nil)
        #expect(Sample().reading().configuration != nil)
    }

    @Test func everythingIsRead() throws {
        let set = try #require(
            Self.headers(
                "preset = \"grafana\"",
                "user_claim = \"username\"",
                "headers = [{ name = \"X-T\", claim = [\"a.b\"], encoding = \"latin1\", separator = \";\", required = true }]"
            )
        )
        var field = HeaderField("X-T", .claims([.plain("a.b")]))
        field.encoding = .latin1
        field.separator = ";"
        field.isRequired = true
        #expect(set.fields == HeaderPreset.grafana.fields(user: [.plain("username")]) + [field])
    }

    @Test func fieldsStandBesideTheUsualOnes() throws {
        let set = try #require(Self.headers("headers = { name = \"X-T\", claim = \"a\" }"))
        #expect(set.fields.map(\.name).suffix(2) == ["X-Forwarded-Groups", "X-T"])
        #expect(Self.headers("preset = \"none\"")?.fields == [])
    }

    @Test(arguments: [
        ("preset = \"Grafana\"", "route.preset: found \"Grafana\"; allowed \"gatehouse\", \"none\""),
        ("headers = []", "route.headers: found an empty list"),
        (
            "headers = [{ name = \"Host\", claim = \"a\" }]",
            "route.headers.name: found \"Host\"; allowed a header field's"
        ),
        ("headers = [{ name = \"X-T\" }]", "route.headers.claim: found nothing"),
        ("headers = [{ claim = \"a\" }]", "route.headers.name: found nothing"),
        (
            "headers = [{ name = \"X-T\", claim = \"a\", encoding = \"utf8\" }]",
            "route.headers.encoding: found \"utf8\""
        ),
        ("headers = [{ name = \"X-T\", claim = \"a\", separator = \"\" }]", "route.headers.separator: found \"\""),
        ("headers = [{ name = \"X-T\", claim = \"a\", separator = \"%\" }]", "route.headers.separator: found \"%\""),
        (
            "headers = [{ name = \"X-T\", claim = \"a\", require = true }]",
            "route.headers.require: found an unknown key"
        ),
        (
            "headers = [{ name = \"x_forwarded_user\", claim = \"a\" }]",
            "route.headers: found \"x_forwarded_user\" twice; allowed each name once"
        ),
        ("user_claim = \"\"", "route.user_claim: found \"\""),
    ])
    func whatIsWrongIsNamed(_ line: String, _ problem: String) {
        let text = Sample().text + line + "\n"
        let problems = ConfigurationFile.read(Array(text.utf8), path: "g.toml", environment: [:]).problems
        #expect(
            problems.contains { "\($0.key ?? ""): \($0.message)".hasPrefix(problem) },
            "\(problems.map(\.description))"
        )
    }
}
