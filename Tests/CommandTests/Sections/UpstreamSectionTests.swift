import Command
import Gateway
import NIOCore
import Testing

struct UpstreamSectionTests {
    private func upstream(_ lines: String...) -> Upstream? {
        var sample = Sample().without("route").withRoute("path = \"/api\"", "upstream = \"http://127.0.0.1:3000\"")
        for line in lines { sample = sample.with("route", line) }
        return sample.reading().configuration?.upstreams.first
    }

    private func problems(_ line: String) -> [String] {
        Sample().with("route", line).problems()
    }

    @Test func severalAddressesAreOneUpstream() {
        let upstream = self.upstream(
            "upstream = [\"http://a\", \"https://b\", \"unix:/run/c.sock\"]",
            "balance = \"sticky\""
        )
        #expect(
            upstream?.addresses == [
                UpstreamAddress(host: "a", port: 80), UpstreamAddress(host: "b", port: 443, isTLS: true),
                UpstreamAddress(socketPath: "/run/c.sock"),
            ]
        )
        #expect(upstream?.balance == .sticky)
    }

    @Test func aSocketMayBeWrittenAsAURL() {
        let upstream = self.upstream("upstream = \"unix:///run/c.sock\"")
        #expect(upstream?.addresses == [UpstreamAddress(socketPath: "/run/c.sock")])
    }

    @Test func everythingElseIsRead() {
        let upstream = self.upstream(
            "connect_timeout = \"1s\"",
            "response_timeout = \"2s\"",
            "idle_timeout = \"3s\"",
            "health_path = \"/up\"",
            "health_interval = \"4s\"",
            "strip_prefix = \"/api\"",
            "add_prefix = \"/v2\"",
            "host_header = \"app.internal\"",
            "tolerate = [\"bare-lf\", \"repeated-length\"]",
            "body_size = \"1MiB\"",
            "upgrades = [\"echo\"]",
            "allowed_origins = [\"https://other.example.com\"]",
            "outlive_session = true"
        )
        #expect(upstream?.connectTimeout == .seconds(1))
        #expect(upstream?.responseTimeout == .seconds(2))
        #expect(upstream?.idleTimeout == .seconds(3))
        #expect(upstream?.healthPath == "/up")
        #expect(upstream?.healthInterval == .seconds(4))
        #expect(upstream?.stripPrefix == "/api")
        #expect(upstream?.prefix == "/v2")
        #expect(upstream?.hostHeader == "app.internal")
        #expect(upstream?.tolerated == [.bareLineFeed, .repeatedLength])
        #expect(upstream?.bodyLimit == 1 << 20)
        #expect(upstream?.upgrades == ["echo"])
        #expect(upstream?.allowedOrigins == ["https://other.example.com"])
        #expect(upstream?.outlivesSession == true)
    }

    @Test(arguments: [
        ("upgrades = [\"h2c\"]", "requests inside such a tunnel"), ("upgrades = [\"Echo\"]", "lower case"),
        ("allowed_origins = [\"*\"]", "origins, such as"),
        ("allowed_origins = [\"https://a.example.com/\"]", "origins, such as"),
        ("strip_prefix = \"/other\"", "the route's path"), ("add_prefix = \"/v2/\"", "without a slash"),
        ("add_prefix = \"/../x\"", "without a slash"), ("tolerate = [\"bare\"]", "\"bare-lf\""),
        ("upstream_key_file = \"/nowhere\"", "both"), ("files = \"/nowhere\"", "directory"),
        ("answer_file = \"/nowhere\"", "that we can read"), ("health_path = \"up\"", "/healthz"),
        ("body_size = \"x\"", "a size"), ("connect_timeout = \"0s\"", "a duration"), ("upstream = []", "an empty list"),
        ("balance = \"random\"", "round-robin"), ("host_header = \"a b\"", "a host"),
    ])
    func whatMakesNoSenseIsRefused(_ line: String, _ part: String) {
        let problems = self.problems(line)
        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.contains(part) == true, "\(problems)")
    }
}
