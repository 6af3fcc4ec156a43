import Access
import Command
import Gateway
import Testing

struct RequireSectionTests {
    private static func requirement(_ text: String, access: String = "signed-in") -> Requirement? {
        let sample = Sample().with("route", "access = \"\(access)\"", "require = \(text)")
        return sample.reading().configuration?.routes.first?.policy.requirement
    }

    private static func problems(_ text: String, access: String = "signed-in") -> [String] {
        Sample().with("route", "access = \"\(access)\"", "require = \(text)").problems()
    }

    @Test func everyQuestionIsRead() throws {
        let text = """
            { roles = ["a", "b"], scopes = ["s"], permissions = ["p"], organizations = ["o"], \
            organization_roles = ["o:r"], email = ["a@b.c"], email_domain = ["b.c", "*.d.e"], network = ["10.0.0.0/8"], \
            claims = [{ path = "x.y", equals = 5 }, { path = ["u.v"], in = ["p", true] }, { path = "m", matches = "a+" }, \
            { path = "e", exists = false }], all = [{ roles = ["c"] }], any = [{ roles = ["d"] }, { not = { roles = ["e"] } }], \
            acr = ["mfa"], max_age = "10m" }
            """
        let requirement = try #require(Self.requirement(text))
        let range = try #require(AddressRange("10.0.0.0/8"))
        let path = { (names: [String]) in try #require(ClaimPath(names)) }
        let expected = Condition.all([
            .lists(.roles, ["a", "b"]), .lists(.scopes, ["s"]), .lists(.scopes, ["p"]), .lists(.organizations, ["o"]),
            .lists(.organizationRoles, ["o:r"]),
            .all([
                .claim(try path(["x", "y"]), .isOneOf([.number(5)])),
                .claim(try path(["u.v"]), .isOneOf([.text("p"), .truth(true)])),
                .claim(try path(["m"]), .matches(try Pattern("a+"))), .claim(try path(["e"]), .exists(false)),
            ]),
            .email([try #require(EmailAddress("a@b.c"))]),
            .emailDomain([try #require(EmailDomain("b.c")), try #require(EmailDomain("*.d.e"))]),
            .network([range]),
            .all([.lists(.roles, ["c"])]),
            .any([.lists(.roles, ["d"]), .not(.lists(.roles, ["e"]))]),
        ])
        #expect(requirement.condition == expected)
        #expect(requirement.stepUp == StepUp(classes: ["mfa"], maximumAge: .seconds(600)))
    }

    @Test func oneQuestionStandsForItself() {
        #expect(Self.requirement(#"{ roles = ["a"] }"#)?.condition == .lists(.roles, ["a"]))
        #expect(Self.requirement(#"{ max_age = "10m" }"#)?.condition == .all([]))
        #expect(Self.requirement(#"{ claims = { path = "a", equals = "b" } }"#) != nil)
    }

    @Test func aTableOfItsOwnIsTheSame() {
        let text = Sample().text + "[route.require]\nroles = [\"a\"]\n"
        let reading = ConfigurationFile.read(Array(text.utf8), path: "g.toml", environment: [:])
        #expect(reading.configuration?.routes.first?.policy.requirement?.condition == .lists(.roles, ["a"]))
    }

    @Test(arguments: [
        ("{}", "route.require: found nothing that is required; allowed at least one of roles, scopes,"),
        ("[]", "route.require: found an empty list; allowed a table, { … }"),
        ("\"admin\"", "route.require: found \"admin\"; allowed a table, { … }"),
        ("true", "route.require: found true; allowed a table, { … }"),
        ("{ roles = [] }", "route.require.roles: found an empty list; allowed a list of roles"),
        ("{ roles = \"admin\" }", "route.require.roles: found \"admin\"; allowed a list of roles"),
        ("{ roles = [\"\"] }", "route.require.roles: found an empty text in the list; allowed a list of roles"),
        ("{ roles = [5] }", "route.require.roles: found something else than text in the list; allowed a list of roles"),
        ("{ role = [\"admin\"] }", "route.require.role: found an unknown key; allowed acr, max_age, roles,"),
        (
            "{ organization_roles = [\"admin\"] }",
            "route.require.organization_roles: found \"admin\"; allowed a list of"
        ),
        ("{ email = [\"example.com\"] }", "route.require.email: found \"example.com\"; allowed a list of e-mail"),
        (
            "{ email_domain = [\"@example.com\"] }",
            "route.require.email_domain: found \"@example.com\"; allowed a list of"
        ),
        ("{ network = [\"10.1.2.3/8\"] }", "route.require.network: found \"10.1.2.3/8\"; allowed a list of addresses"),
        ("{ max_age = \"1s\" }", "route.require.max_age: found \"1s\"; allowed a duration from \"10s\""),
        ("{ acr = [] }", "route.require.acr: found an empty list"),
        ("{ any = [] }", "route.require.any: found an empty list; allowed a list of tables"),
        ("{ any = [{}] }", "route.require.any: found nothing that is required; allowed at least one of roles"),
        ("{ any = [{ roles = [\"a\"] }, 5] }", "route.require.any: found a list; allowed a list of tables"),
        ("{ not = {} }", "route.require.not: found nothing that is required"),
        ("{ not = { max_age = \"10m\" } }", "route.require.not.max_age: found an unknown key"),
        ("{ claims = [{ path = \"a\" }] }", "route.require.claims: found no test; allowed exactly one of"),
        (
            "{ claims = [{ path = \"a\", equals = 1, exists = true }] }",
            "route.require.claims: found more than one test"
        ),
        ("{ claims = [{ equals = 1 }] }", "route.require.claims.path: found nothing; allowed a claim such as"),
        (
            "{ claims = [{ path = \"a..b\", equals = 1 }] }",
            "route.require.claims.path: found \"a..b\"; allowed a claim"
        ),
        ("{ claims = [{ path = \"a\", equals = 1.5 }] }", "route.require.claims.equals: found a floating-point number"),
        ("{ claims = [{ path = \"a\", in = [] }] }", "route.require.claims.in: found an empty list"),
        (
            "{ claims = [{ path = \"a\", matches = \"^a\" }] }",
            "route.require.claims.matches: found \"^a\"; allowed a pattern"
        ),
        (
            "{ claims = [{ path = \"a\", exists = \"yes\" }] }",
            "route.require.claims.exists: found \"yes\"; allowed true"
        ),
    ])
    func whatIsWrongIsNamed(_ text: String, _ problem: String) {
        let problems = Self.problems(text)
        #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
    }

    @Test func aLineIsThatOfTheQuestion() {
        let text = Sample().with(
            "route",
            "require = { any = [",
            "  { roles = [\"a\"] },",
            "  { rolse = [\"b\"] },",
            "] }"
        ).text
        let reading = ConfigurationFile.read(Array(text.utf8), path: "g.toml", environment: [:])
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains("rolse") }
        #expect(
            reading.problems.map(\.description).contains {
                $0.hasPrefix("g.toml:\((line ?? 0) + 1): route.require.any.rolse: ")
            }
        )
    }

    @Test(arguments: ["optional", "anyone"])
    func strangersAreAskedForTheirAddressAlone(_ access: String) {
        #expect(Self.requirement(#"{ network = ["10.0.0.0/8"] }"#, access: access) != nil)
        for text in [#"{ roles = ["a"] }"#, #"{ network = ["10.0.0.0/8"], roles = ["a"] }"#, #"{ max_age = "10m" }"#] {
            let problems = Self.problems(text, access: access)
            #expect(
                problems.first?.hasPrefix("route.require: found more than networks with access") == true,
                "\(problems)"
            )
        }
    }

    @Test func tooManyNetworksAreRefused() {
        let networks = (0..<5).map { "{ network = [\"10.\($0).0.0/16\"] }" }.joined(separator: ", ")
        #expect(Self.problems("{ any = [\(networks)] }").first?.hasPrefix("route.require: found more than 4") == true)
    }

    @Test func methodsMakeRoutesDiffer() throws {
        let two = Sample().with("route", "methods = [\"GET\"]")
            .withRoute("path = \"/\"", "upstream = \"http://127.0.0.1:3000\"", "methods = [\"POST\"]")
        #expect(two.reading().configuration?.routes.map(\.methods) == [["GET"], ["POST"]])
        let same = Sample().with("route", "methods = [\"GET\"]")
            .withRoute("path = \"/\"", "upstream = \"http://127.0.0.1:3000\"", "methods = [\"HEAD\"]")
        #expect(same.problems().first?.hasPrefix("route.path: found \"/\" for app.example.com a second time") == true)
        for odd in ["[\"get\"]", "[]", "\"GET\"", "[\"GE T\"]", "[\"GET\", \"GET\"]"] {
            let problems = Sample().with("route", "methods = \(odd)").problems()
            #expect(problems.first?.hasPrefix("route.methods: found ") == true, "\(problems)")
        }
    }

    @Test func theModeIsOneOfTwoWords() {
        let shadow = Sample().with("route", "require = { roles = [\"a\"] }", "mode = \"shadow\"")
        #expect(shadow.reading().configuration?.routes.first?.policy.mode == .shadow)
        #expect(Sample().with("route", "mode = \"Shadow\"").problems().first?.hasPrefix("route.mode: found") == true)
        #expect(
            Sample().with("route", "mode = \"shadow\"").warnings() == ["route.mode: without require it changes nothing"]
        )
    }
}
