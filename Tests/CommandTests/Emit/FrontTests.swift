import Access
import Command
import Gateway
import Testing

struct FrontTests {
    private func text(_ front: Front, _ sample: Sample) throws -> String {
        try front.text(for: try #require(sample.reading().configuration))
    }

    @Test(arguments: Front.allCases)
    func everyFrontAsksAtItsOwnPathAndKnowsTheHost(_ front: Front) throws {
        let sample = Sample().with("paths", "prefix = \"/auth\"", "callback = \"/callback\"")
        let text = try self.text(front, sample)
        let expected: [Front: [String]] = [
            .nginx: ["/auth/check", "app.example.com", "/callback", "127.0.0.1:3000"],
            .traefik: ["/auth/forward-auth", "app.example.com", "/callback", "127.0.0.1:3000"],
            .traefikStatic: ["underscoreHeadersStrategy: reject", ":443"],
            .caddy: ["/auth/forward-auth", "app.example.com", "/callback", "127.0.0.1:3000"],
            .haproxy: ["/auth/check", "app.example.com", "/callback", "127.0.0.1:3000"],
            .haproxyLua: ["x-original-uri"],
            .envoy: ["/auth/ext-authz", "app.example.com", "/callback", "port_value: 3000"],
            .apache: ["app.example.com", "127.0.0.1:8080"],
            .kubernetes: ["/auth/check", "/auth/forward-auth", "app.example.com", "/callback"],
        ]
        for word in expected[front, default: ["nothing"]] { #expect(text.contains(word), "\(front): \(word)") }
        #expect(text.hasPrefix("#") || text.hasPrefix("-- "))
        #expect(text.utf8.last == UInt8(ascii: "\n"))
        #expect(!text.contains("_gatehouse/"))
    }

    @Test func aListenerForChecksIsAsked() throws {
        let sample = Sample().with("check", "listen = \"127.0.0.1:4180\"")
        for front in [Front.nginx, .traefik, .caddy, .haproxy, .envoy] {
            let text = try self.text(front, sample)
            #expect(text.contains(front == .envoy ? "port_value: 4180" : "127.0.0.1:4180"), "\(front)")
        }
    }

    @Test func nginxKnowsUnixSocketsAndTheOthersSaySo() throws {
        let sample = Sample().with("check", "listen = \"unix:/run/gatehouse/check.sock\"")
        #expect(try self.text(.nginx, sample).contains("server unix:/run/gatehouse/check.sock;"))
        #expect(throws: FrontProblem.self) { try self.text(.caddy, sample) }
    }

    @Test(arguments: [Front.nginx, .traefik, .caddy, .haproxy, .envoy])
    func eachRouteHasItsApplicationAndTheLongestPathComesFirst(_ front: Front) throws {
        let sample = Sample().withRoute("path = \"/admin\"", "upstream = \"http://127.0.0.1:3001\"")
            .withRoute("host = \"other.example.com\"", "path = \"/\"", "upstream = \"http://127.0.0.1:3002\"")
        let text = try self.text(front, sample)
        for word in ["/admin", "other.example.com", "3001", "3002"] {
            #expect(text.contains(word), "\(front): \(word)")
        }
    }

    @Test func aRouteWithoutUpstreamIsNamed() throws {
        let sample = Sample().without("route", "upstream")
        #expect(throws: FrontProblem.self) { try self.text(.nginx, sample) }
        #expect(try self.text(.kubernetes, sample).contains("app.example.com"))
    }

    @Test(arguments: [Front.nginx, .traefik, .caddy, .haproxy, .envoy, .kubernetes])
    func noFrontIsAskedToSendATokenOfOurs(_ front: Front) throws {
        let sample = Sample().withRoute("path = \"/api\"", "upstream = \"http://127.0.0.1:3000\"", "token = \"id\"")
        #expect(throws: FrontProblem.self) { try self.text(front, sample) }
        #expect(try self.text(.apache, sample).contains("app.example.com"))
    }

    @Test(arguments: [Front.nginx, .traefik, .caddy, .haproxy, .envoy])
    func routesThatDifferInTheirMethodsHaveOneApplication(_ front: Front) throws {
        let one = Sample().withRoute("path = \"/\"", "methods = [\"GET\"]", "upstream = \"http://127.0.0.1:3000\"")
        let text = try self.text(front, one)
        #expect(text.lowercased().contains("x-http-method-override"))
        let two = Sample().withRoute("path = \"/\"", "methods = [\"GET\"]", "upstream = \"http://127.0.0.1:3001\"")
        #expect(throws: FrontProblem.self) { try self.text(front, two) }
    }

    @Test func nginxRefusesFieldsThatItReadsAsOne() throws {
        let sample = Sample().with(
            "route",
            "headers = [{ name = \"APP_ROLE\", claim = \"name\" }, { name = \"User\", claim = \"name\" }]"
        )
        let text = try self.text(.nginx, sample)
        #expect(text.contains("auth_request_set $identity_user $upstream_http_user;"))
        #expect(text.contains("auth_request_set $identity_x_forwarded_user $upstream_http_x_forwarded_user;"))
        #expect(text.contains("proxy_set_header APP-ROLE \"\";"))
        let other = sample.withRoute(
            "path = \"/x\"",
            "upstream = \"http://127.0.0.1:3001\"",
            "headers = [{ name = \"App-Role\", claim = \"name\" }]"
        )
        #expect(throws: FrontProblem.self) { try self.text(.nginx, other) }
        #expect(try self.text(.caddy, other).contains("App-Role"))
    }

    @Test func aFieldThatFrontsCannotWriteIsNamed() throws {
        let sample = Sample().with("route", "headers = [{ name = \"X.Team\", claim = \"name\" }]")
        #expect(throws: FrontProblem.self) { try self.text(.caddy, sample) }
    }

    @Test func similarHostsHaveFilesOfTheirOwn() throws {
        let sample = Sample().with("server", "public_url = \"https://a-b.example.com\"")
            .withRoute("host = \"a.b.example.com\"", "path = \"/\"", "upstream = \"http://127.0.0.1:3001\"")
        let text = try self.text(.nginx, sample)
        for file in ["a--b-example-com.pem", "a-b-example-com.pem"] { #expect(text.contains("/\(file);"), "\(file)") }
    }

    @Test func kubernetesKnowsWhereASignInBeginsAndOneApplication() throws {
        let text = try self.text(
            .kubernetes,
            Sample().with("paths", "sign_in = \"/sign-in\"", "register = \"/signup\"")
        )
        #expect(text.contains("https://app.example.com/sign-in?rd=$escaped_request_uri"))
        #expect(text.contains("path: /signup"))
        let two = Sample().withRoute("path = \"/x\"", "upstream = \"http://127.0.0.1:3001\"")
        #expect(throws: FrontProblem.self) { try self.text(.kubernetes, two) }
    }

    @Test(arguments: [Front.nginx, .traefik, .caddy, .haproxy, .envoy, .apache, .kubernetes])
    func noBrowserIsLedToTheChecks(_ front: Front) throws {
        let text = try self.text(front, Sample().with("paths", "prefix = \"/auth\""))
        for word in ["forward-auth", "ext-authz"] { #expect(text.contains(word), "\(front): \(word)") }
    }

    @Test func aListenerWithoutTLSIsAsked() throws {
        let sample = Sample().with("server", "listen = [\"redirect://127.0.0.1:80\", \"127.0.0.1:8081\"]")
        #expect(try self.text(.nginx, sample).contains("127.0.0.1:8081"))
    }

    @Test func whatIsStrippedByNameIsReservedHere() {
        for name in IdentityFields.wellKnownNames { #expect(IdentityFields.isReserved(name), "\(name)") }
        #expect(Set(IdentityFields.wellKnownNames).count == IdentityFields.wellKnownNames.count)
        #expect(Set(IdentityFields.answeredNames).isSubset(of: IdentityFields.wellKnownNames))
        let known = IdentityFields.wellKnownNames.map { $0.lowercased() }
        for name in ReservedNames.names { #expect(known.contains(name), "\(name)") }
    }
}
