import Access
import Command
import Gateway
import Testing

struct RouteSectionsTests {
    @Test func everythingIsRead() throws {
        let sample = Sample().with(
            "route",
            "name = \"admin\"",
            "host = \"Admin.example.com\"",
            "path = \"/admin/\"",
            "upstream = \"http://app:8000\"",
            "access = \"optional\"",
            "preserve_host = false",
            "allow_encoded_slashes = true"
        )
        let configuration = try #require(sample.reading().configuration)
        let route = try #require(configuration.routes.first)
        #expect(route.name == "admin")
        #expect(route.authority.text == "admin.example.com")
        #expect(route.path == "/admin")
        #expect(route.policy == Policy(access: .optional))
        #expect(!route.preserveHost)
        #expect(route.allowEncodedSlashes)
        #expect(configuration.upstreams == [Upstream([UpstreamAddress(host: "app", port: 8000)])])
    }

    @Test func defaultsComeFromThePublicURL() throws {
        let route = try #require(Sample().reading().configuration?.routes.first)
        #expect(route.name == "app.example.com/")
        #expect(route.authority.text == "app.example.com")
        #expect(route.policy == Policy(access: .signedIn))
        #expect(route.preserveHost)
        #expect(!route.allowEncodedSlashes)
    }

    @Test func routesToOneApplicationShareIt() throws {
        let sample = Sample().withRoute("path = \"/a\"", "upstream = \"http://127.0.0.1:3001\"")
            .withRoute("path = \"/b\"", "upstream = \"http://127.0.0.1:3000/\"")
        let configuration = try #require(sample.reading().configuration)
        #expect(configuration.routes.map(\.upstream) == [0, 1, 0])
        #expect(
            configuration.upstreams.flatMap(\.addresses)
                == [.init(host: "127.0.0.1", port: 3000), .init(host: "127.0.0.1", port: 3001)]
        )
    }

    @Test(arguments: [
        ("http://app", "app", 80), ("http://[::1]:3000", "::1", 3000),
        ("http://my_app.internal:80", "my_app.internal", 80),
    ])
    func anUpstreamIsHostAndPort(_ url: String, _ host: String, _ port: Int) {
        let sample = Sample().with("route", "upstream = \"\(url)\"")
        #expect(sample.reading().configuration?.upstreams == [Upstream([UpstreamAddress(host: host, port: port)])])
    }

    @Test(arguments: [
        "127.0.0.1:3000", "http://127.0.0.1:3000/app", "http://u@app", "http://u:p@app", "http://app?x", "http://app#x",
        "http://",
        "http://app:0", "http://app:65536", "http://app:", "unix:run/app.sock", "HTTP:/app", "http://a_.-",
        "http://256.1.1.1",
    ])
    func whatIsNoUpstreamIsRefused(_ url: String) {
        let problems = Sample().with("route", "upstream = \"\(url)\"").problems()
        #expect(
            problems == [
                "route.upstream: found \"\(url)\"; allowed \"http://host:port\", \"https://host:port\" or "
                    + "\"unix:/path\", without a path"
            ]
        )
    }

    @Test func thereIsAtLeastOne() {
        let allowed = "allowed one table or more, each headed [[route]]"
        #expect(Sample().without("route").problems() == ["route: found nothing; \(allowed)"])
        for (value, found) in [("[]", "an empty list"), ("{}", "a table"), ("[1]", "1"), ("\"/\"", "\"/\"")] {
            let text = "route = \(value)\n" + Sample().without("route").text
            let problems = ConfigurationFile.read(Array(text.utf8), path: "g.toml", environment: [:]).problems
            #expect(problems.map(\.description) == ["g.toml:1: route: found \(found); \(allowed)"])
        }
    }

    @Test func whatMustBeSetIsMissed() {
        let problems = Sample().without("route", "path").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("route.path: found nothing; allowed ") == true)
    }

    @Test func aRouteWithoutUpstreamIsForChecks() {
        let configuration = Sample().without("route", "upstream").reading().configuration
        #expect(configuration?.routes.map(\.hasUpstream) == [false])
        #expect(configuration?.upstreams == [])
        #expect(Sample().with("route", "upstream = \"\"").problems().count == 1)
    }

    @Test(arguments: [("/", "/"), ("/a", "/a"), ("/a", "/a/"), ("/a!", "/a%21")])
    func eachPathOfAHostIsThereOnce(_ first: String, _ second: String) {
        let sample = Sample().with("route", "path = \"\(first)\"")
            .withRoute("path = \"\(second)\"", "upstream = \"http://127.0.0.1:3001\"")
        let problems = sample.problems()
        #expect(problems.count == 1)
        #expect(
            problems.first?.hasSuffix("for app.example.com a second time; allowed each host, path and method once")
                == true
        )
        let apart = Sample().with("route", "path = \"\(first)\"").withRoute(
            "path = \"\(second)\"",
            "host = \"b.example.com\"",
            "upstream = \"http://127.0.0.1:3001\""
        )
        #expect(apart.problems().isEmpty)
    }

    @Test(arguments: ["/a/..", "/a//b", "/a?b=c", "/a;b", "a", "/%61", "/a%2Fb", "/%2e", "/a b", "/a\\\\b"])
    func aPathThatNoRequestHasIsRefused(_ path: String) {
        let problems = Sample().with("route", "path = \"\(path)\"").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("route.path: found \"") == true)
    }

    @Test(arguments: ["/_gatehouse", "/_gatehouse/", "/_gatehouse/app"])
    func ourOwnPrefixIsOurs(_ path: String) {
        let problems = Sample().withRoute("path = \"\(path)\"", "upstream = \"http://127.0.0.1:3000\"").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasSuffix("allowed a path that is not below paths.prefix, which is ours") == true)
        let beside = Sample().withRoute("path = \"/_gatehouses\"", "upstream = \"http://127.0.0.1:3000\"")
        #expect(beside.problems().isEmpty)
    }

    @Test func aRouteAtAnEndpointIsWarnedOf() {
        let sample = Sample().with("paths", "sign_in = \"/login\"")
            .withRoute("path = \"/login\"", "upstream = \"http://127.0.0.1:3000\"")
        #expect(sample.warnings().count == 1)
        #expect(sample.warnings().first?.hasPrefix("route.path: paths.sign_in is the same path") == true)
    }

    @Test func aHostWithoutThePublicPortIsWarnedOf() {
        let sample = Sample().with("server", "public_url = \"https://app.example.com:8443\"")
            .with("route", "host = \"b.example.com\"")
        #expect(
            sample.warnings() == [
                "route.host: it has no port, but public_url has; did you mean \"b.example.com:8443\"?"
            ]
        )
        #expect(sample.with("route", "host = \"b.example.com:8443\"").warnings().isEmpty)
    }

    @Test(arguments: ["a b", "http://a", "a/b", "a..b", "*.example.com", "u@a", "a:0", "a:b", ".a"])
    func aHostIsAHost(_ host: String) {
        let problems = Sample().with("route", "host = \"\(host)\"").problems()
        #expect(problems == ["route.host: found \"\(host)\"; allowed a host, such as \"app.example.com\""])
    }

    @Test func accessIsOneOfThree() {
        #expect(
            Sample().with("route", "access = \"signed_in\"").problems() == [
                "route.access: found \"signed_in\"; "
                    + "allowed \"signed-in\", \"optional\", \"anyone\"; did you mean \"signed-in\"?"
            ]
        )
    }

    @Test func manyRoutesAreReadAtOnce() {
        var sample = Sample()
        for number in 0..<200 {
            sample = sample.withRoute(
                "path = \"/app\(number)\"",
                "upstream = \"http://127.0.0.1:\(3000 + number % 7)\""
            )
        }
        let configuration = sample.reading().configuration
        #expect(configuration?.routes.count == 201)
        #expect(configuration?.upstreams.count == 7)
    }
}
