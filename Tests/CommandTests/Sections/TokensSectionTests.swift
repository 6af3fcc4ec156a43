import Access
import Command
import Gateway
import Testing

struct TokensSectionTests {
    private static func route(_ line: String) -> Route? {
        let text = Sample().text + line + "\n"
        return ConfigurationFile.read(Array(text.utf8), path: "g.toml", environment: [:]).configuration?.routes.first
    }

    @Test func bearerIsRead() {
        let policy = Self.route(
            "bearer = { audiences = [\"https://a\"], opaque_clients = [\"c\"], personal_access_tokens = true }"
        )?.bearer
        let expected = BearerPolicy(audiences: ["https://a"], opaqueClients: ["c"], takesPersonalTokens: true)
        #expect(policy == expected)
        #expect(Self.route("")?.bearer == nil)
    }

    @Test(arguments: [
        ("\"id\"", UpstreamToken.idToken), ("\"access\"", .accessToken),
        ("{ resource = \"https://a\" }", .obtained(resource: "https://a", organization: nil)),
        ("{ organization = \"o\" }", .obtained(resource: nil, organization: .fixed("o"))),
        ("{ organization_segment = 2 }", .obtained(resource: nil, organization: .segment(1))),
        ("{ organization_header = \"X-Org\" }", .obtained(resource: nil, organization: .field("x-org"))),
        ("{ only_organization = true, resource = \"urn:x\" }", .obtained(resource: "urn:x", organization: .only)),
    ])
    func aTokenIsRead(_ text: String, _ token: UpstreamToken) {
        #expect(Self.route("token = \(text)")?.token == token)
    }

    @Test(arguments: [
        ("bearer = {}", "route.bearer: found no token that would be taken"),
        ("bearer = { audiences = [] }", "route.bearer.audiences: found an empty list"),
        (
            "bearer = { personal_access_tokens = true, opaque_clients = [\"c\"] }",
            "route.bearer.personal_access_tokens: found true"
        ),
        ("bearer = true", "route.bearer: found true; allowed a table"),
        ("token = \"refresh\"", "route.token: found \"refresh\"; allowed \"id\", \"access\""),
        ("token = {}", "route.token: found no token"),
        ("token = { resource = \"api\" }", "route.token.resource: found \"api\""),
        ("token = { organization = \"o\", only_organization = true }", "route.token: found organization in 2 ways"),
        ("token = { organization_segment = 0 }", "route.token.organization_segment: found 0"),
        ("token = { organization_header = \"X-Forwarded-Org\" }", "route.token.organization_header: found"),
        ("token = { organization_header = \"Cookie\" }", "route.token.organization_header: found"),
        ("access = \"anyone\"\ntoken = \"id\"", "route.token: found token with access = \"anyone\""),
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
