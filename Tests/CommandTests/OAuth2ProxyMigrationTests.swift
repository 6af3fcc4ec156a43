import Command
import Testing

struct OAuth2ProxyMigrationTests {
    private static func migration(_ text: String) throws -> OAuth2ProxyMigration {
        OAuth2ProxyMigration(try TOMLDocument(Array(text.utf8)).members)
    }

    /// Problems of the result, without those about what the operator has to add.
    private static func problems(_ migration: OAuth2ProxyMigration) -> [String] {
        ConfigurationFile.read(Array(migration.text.utf8), path: "m.toml", environment: [:]).problems.map(\.description)
    }

    private static let least = """
        oidc_issuer_url = "https://auth.example.com/oidc"
        client_id = "id"
        client_secret = "secret"
        redirect_url = "https://app.example.com/oauth2/callback"
        upstreams = ["http://127.0.0.1:3000"]

        """

    @Test func theLeastIsReadWithoutProblem() throws {
        let migration = try Self.migration(Self.least)
        #expect(Self.problems(migration) == [])
        #expect(migration.text.contains("preset = \"oauth2-proxy\""))
    }

    @Test(arguments: [
        ("email_domains = [\"*\"]", nil, nil), ("email_domains = \"a.example\"", "email_domain = [\"a.example\"]", nil),
        ("allowed_groups = [\"x\\\"y\"]", "roles = [\"x\\\"y\"]", nil),
        ("pass_user_headers = false", "preset = \"none\"", nil),
        ("pass_host_header = false", "preserve_host = false", nil),
        ("pass_access_token = true", "token = \"access\"", "Bearer"),
        ("pass_authorization_header = true", "token = \"id\"", "Bearer"),
        ("cookie_expire = \"24h0m0s\"", "lifetime = \"24h\"", nil),
        ("provider = \"github\"", nil, "not OpenID Connect"), ("skip_auth_routes = [\"!=^/a\"]", nil, "is a pattern"),
        ("ssl_insecure_skip_verify = true", nil, "no equivalent"), ("whatever = 1", nil, "whatever (line 6)"),
    ])
    func eachOptionBecomesOursOrANote(_ option: String, _ line: String?, _ note: String?) throws {
        let migration = try Self.migration(Self.least + option + "\n")
        #expect(Self.problems(migration) == [])
        if let line { #expect(migration.text.contains(line), "\(migration.text)") }
        if let note { #expect(migration.notes.contains { $0.contains(note) }, "\(migration.notes)") }
    }

    @Test func hostileTextStaysText() throws {
        let migration = try Self.migration("cookie_name = \"a\\\"\\n[admin]\\nlisten = \\\"0.0.0.0:1\"\n" + Self.least)
        #expect(!migration.text.contains("\n[admin]"))
    }
}
