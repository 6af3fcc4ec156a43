import Access
import Gateway
import Testing

struct FrontFieldsTests {
    private func route(
        _ path: String = "/",
        methods: [String] = [],
        fields: [String] = [],
        audience: String? = nil
    ) throws -> Route {
        try Route(
            name: path,
            authority: Authority("app.example.com", scheme: .https),
            path: path,
            methods: methods,
            upstream: 0,
            policy: Policy(access: .signedIn),
            headers: HeaderSet(fields.map { HeaderField($0, .idToken) }),
            assertionAudience: audience
        )
    }

    @Test func whatIsConfiguredIsRemovedWithHyphensToo() throws {
        let fields = FrontFields([try self.route(fields: ["APP_ROLE", "X-Team"], audience: "app")])
        #expect(fields.answered.contains("APP_ROLE") && fields.answered.contains(Assertion.fieldName))
        for name in ["APP_ROLE", "APP-ROLE", "X-Team", Assertion.fieldName, "X-Forwarded-User", "X-Real-Ip"] {
            #expect(fields.removed.contains(name), "\(name)")
        }
        #expect(!fields.answered.contains("APP-ROLE"))
        let folded = fields.removed.map { $0.lowercased() }
        #expect(Set(folded).count == folded.count)
    }

    @Test func otherMethodsAreClaimedWhereMethodsCount() throws {
        let name = "X-HTTP-Method-Override"
        #expect(!FrontFields([try self.route()]).removed.contains(name))
        #expect(FrontFields([try self.route(methods: ["GET"])]).removed.contains(name))
    }

    @Test func namesAreComparedByCaseAlone() throws {
        let removed = ReservedNames(exactly: FrontFields([try self.route(fields: ["APP_ROLE"])]).removed)
        for name in ["App-Role", "app_role", "remote-user"] { #expect(removed.contains(name), "\(name)") }
        for name in ["app.role", "Remote_User", "X-Auth-Anything"] { #expect(!removed.contains(name), "\(name)") }
    }
}
