import Access
import Command
import Gateway
import OpenIDConnect
import Testing

struct ProtectedAppSectionTests {
    private static func sample(_ lines: String...) -> Sample {
        lines.reduce(Sample().with("protected_app", "enabled = true")) { $0.with("protected_app", $1) }
    }

    @Test func itMovesThePathsTheSessionsAndTheHeaders() throws {
        let sample = Self.sample("session_duration = \"2d\"", "additional_scopes = [\"custom_data\"]")
        let configuration = try #require(sample.reading().configuration)
        #expect(configuration.paths.signIn == "/sign-in")
        #expect(configuration.paths.register == "/register")
        #expect(configuration.paths.callback == "/sign-in-callback")
        #expect(configuration.paths.signOut == "/sign-out")
        #expect(configuration.paths.signedOut == "")
        #expect(configuration.paths.session == "/_gatehouse/session")
        #expect(configuration.session.lifetime == .seconds(2 * 86_400))
        #expect(configuration.session.idle == configuration.session.lifetime)
        #expect(configuration.provider.client.scopes.contains("custom_data"))
        let route = try #require(configuration.routes.first)
        #expect(route.protectedApp == ProtectedApp(sendsCredentials: true))
        #expect(route.headers?.fields.map(\.name) == ["Logto-ID-Token"])
        #expect(route.policy.pages.isEmpty)
        #expect(sample.warnings() == [])
    }

    @Test func withoutItNothingMoves() throws {
        let route = try #require(Sample().reading().configuration?.routes.first)
        #expect(route.protectedApp == nil)
        #expect(route.headers == nil)
    }

    @Test func rulesAreForRoutesWithoutTheirOwn() throws {
        let sample = Self.sample("page_rules = ['^/a', '^(?!/b)']")
            .withRoute(
                "path = \"/own\"",
                "upstream = \"http://127.0.0.1:1\"",
                "page_rules = ['x']",
                "preset = \"none\""
            )
            .withRoute("path = \"/open\"", "upstream = \"http://127.0.0.1:1\"", "access = \"anyone\"")
        let routes = try #require(sample.reading().configuration).routes
        #expect(routes.map { $0.policy.pages.map(\.text) } == [["^/a", "^(?!/b)"], ["x"], []])
        #expect(routes.map { $0.protectedApp == nil } == [false, true, false])
    }

    @Test func theFileMaySayOtherwise() throws {
        let sample = Self.sample("authorization = false")
            .with("paths", "sign_in = \"/login\"", "signed_out = \"/bye\"")
            .with("session", "idle = \"1h\"")
        let configuration = try #require(sample.reading().configuration)
        #expect(configuration.paths.signIn == "/login")
        #expect(configuration.paths.signedOut == "/bye")
        #expect(configuration.session.idle == .seconds(3600))
        #expect(configuration.routes.first?.protectedApp == ProtectedApp(sendsCredentials: false))
    }

    @Test(arguments: [
        ("page_rules = ['^/(?<=a)b']", "protected_app.page_rules: found \"^/(?<=a)b\""),
        ("page_rules = ['']", "protected_app.page_rules: found an empty text"),
        ("additional_scopes = [\"roless\"]", "protected_app.additional_scopes: found \"roless\""),
        ("session_duration = \"0s\"", "protected_app.session_duration: found"),
        ("enabled = \"yes\"", "protected_app.enabled: found \"yes\""),
        ("page_rule = ['x']", "protected_app.page_rule: "),
    ])
    func whatIsWrongIsNamed(_ line: String, _ problem: String) {
        let problems = Self.sample(line).problems()
        #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
    }

    @Test func whatContradictsItselfIsRefused() {
        #expect(!Sample().with("protected_app", "page_rules = ['x']").problems().isEmpty)
        #expect(!Self.sample("session_duration = \"1d\"").with("session", "lifetime = \"2d\"").problems().isEmpty)
        #expect(!Self.sample().with("paths", "session = \"/sign-in\"").problems().isEmpty)
        let open = Sample().with("route", "access = \"anyone\"", "page_rules = ['x']")
        #expect(open.problems().contains { $0.hasPrefix("route.page_rules: found page_rules with access") })
    }
}
