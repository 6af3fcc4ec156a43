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

    @Test(arguments: [Front.nginx, .traefik, .caddy, .haproxy, .envoy])
    func noFrontIsAskedToSendATokenOfOurs(_ front: Front) throws {
        let sample = Sample().withRoute("path = \"/api\"", "upstream = \"http://127.0.0.1:3001\"", "token = \"id\"")
        #expect(throws: FrontProblem.self) { try self.text(front, sample) }
        #expect(try self.text(.apache, sample).contains("app.example.com"))
    }

    @Test func aListenerWithoutTLSIsAsked() throws {
        let sample = Sample().with("server", "listen = [\"redirect://127.0.0.1:80\", \"127.0.0.1:8081\"]")
        #expect(try self.text(.nginx, sample).contains("127.0.0.1:8081"))
    }

    @Test func whatIsStrippedByNameIsReservedHere() {
        for name in IdentityFields.wellKnownNames { #expect(IdentityFields.isReserved(name), "\(name)") }
        #expect(Set(IdentityFields.wellKnownNames).count == IdentityFields.wellKnownNames.count)
        #expect(Set(IdentityFields.answeredNames).isSubset(of: IdentityFields.wellKnownNames))
    }
}
