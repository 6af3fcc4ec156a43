import Access
import Command
import Gateway
import NIOCore
import Testing

struct ServerSectionTests {
    @Test func everythingIsRead() throws {
        let sample = Sample().with(
            "server",
            "listen = \"[::]:8443\"",
            "public_url = \"https://App.example.com:8443/\"",
            "workers = 3",
            "trusted_proxies = [\"10.0.0.0/8\", \"::1\"]",
            "drain_timeout = \"5s\""
        ).with("admin", "listen = \"0.0.0.0:9091\"")
        let configuration = try #require(sample.reading().configuration)
        let server = configuration.server
        #expect(server.listen == .init(host: "::", port: 8443))
        #expect(server.publicURL.scheme == .https)
        #expect(server.publicURL.authority.text == "app.example.com:8443")
        #expect(server.workers == 3)
        #expect(server.trustedProxies == [AddressRange("10.0.0.0/8"), AddressRange("::1")])
        #expect(server.drainTimeout == .seconds(5))
        #expect(configuration.admin.listen == .init(host: "0.0.0.0", port: 9091))
    }

    @Test(arguments: ["listen", "public_url"])
    func whatMustBeSetIsMissed(_ key: String) {
        let problems = Sample().without("server", key).problems()
        #expect(problems.count == 1)
        #expect(problems[0].hasPrefix("server.\(key): found nothing; allowed "))
        let empty = Sample().with("server", "\(key) = \"\"").problems()
        #expect(empty.count == 1)
        #expect(empty[0].hasPrefix("server.\(key): found \"\"; allowed "))
    }

    @Test(arguments: ["http://app.example.com", "http://localhost.example.com", "http://127.0.0.1.example.com"])
    func plainHTTPIsForLoopbackAlone(_ url: String) {
        let sample = Sample().with("server", "public_url = \"\(url)\"")
        #expect(
            sample.problems() == [
                "server.public_url: found \"\(url)\"; "
                    + "allowed https, or http for a loopback host, or insecure_http = true"
            ]
        )
        #expect(sample.with("server", "public_url = \"\(url)\"", "insecure_http = true").problems().isEmpty)
    }

    @Test(arguments: ["http://localhost:8080", "http://127.0.0.1", "http://127.1.2.3:80", "http://[::1]:8080"])
    func loopbackMayBePlain(_ url: String) {
        #expect(Sample().with("server", "public_url = \"\(url)\"").problems().isEmpty)
    }

    @Test(arguments: [
        "app.example.com", "https://", "https:///", "https://app.example.com/app", "https://app.example.com?",
        "ftp://a",
        "https://user@app.example.com", "https://app.example.com#x", "https://app.example.com:0", "https://a b",
        "https://*.a",
        "https://app.example.com:65536", "//app.example.com", "https://app.example.com\\\\", "https://ünï.example",
    ])
    func aPublicURLIsSchemeAndHost(_ url: String) {
        let problems = Sample().with("server", "public_url = \"\(url)\"").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("server.public_url: found \"") == true)
    }

    @Test(arguments: ["0.0.0.0/0", "::/0", "0::0/0", "0.0.0.0/1", "128.0.0.0/1", "2000::/3"])
    func nobodyTrustsEverybody(_ network: String) {
        let problems = Sample().with("server", "trusted_proxies = [\"10.0.0.1\", \"\(network)\"]").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.contains("found \"\(network)\"") == true)
        #expect(problems.first?.hasSuffix("this would believe everybody") == true)
    }

    @Test func trustedProxiesAreNetworks() {
        let problems = Sample().with("server", "trusted_proxies = [\"10.1.2.3/8\", \"proxy\", \"10.0.0.0/33\"]")
            .problems()
        #expect(problems.count == 3)
        #expect(problems.first?.hasSuffix("no bit may be set behind the prefix") == true)
        #expect(Sample().with("server", "trusted_proxies = []").problems().isEmpty)
        #expect(Sample().with("server", "trusted_proxies = \"10.0.0.1\"").problems().count == 1)
        #expect(Sample().with("server", "trusted_proxies = [\"\"]").problems().count == 1)
        #expect(Sample().with("server", "trusted_proxies = [\"10.0.0.1\", \"10.0.0.1\"]").problems().count == 1)
        #expect(Sample().with("server", "trusted_proxies = [1]").problems().count == 1)
    }

    @Test func unixSocketsAreTrustedByName() throws {
        let configuration = try #require(
            Sample().with("server", "trusted_proxies = [\"unix\", \"127.0.0.1\"]").reading().configuration
        )
        #expect(configuration.server.trustsUnixSockets)
        #expect(configuration.server.trustedProxies == [AddressRange("127.0.0.1")])
        #expect(try #require(Sample().reading().configuration).server.trustsUnixSockets == false)
    }

    @Test func checksMayHaveAListenerOfTheirOwn() throws {
        let sample = Sample().with("check", "listen = \"unix:/run/gatehouse/check.sock\"")
        #expect(sample.reading().configuration?.check.listen == .init(unixPath: "/run/gatehouse/check.sock"))
        #expect(Sample().reading().configuration?.check.listen == nil)
        let taken = [
            "check.listen: found \"127.0.0.1:8080\"; allowed another address than that of server.listen",
            "check.listen: found \"127.0.0.1:9090\"; allowed another address than that of admin.listen",
        ]
        #expect(Sample().with("check", "listen = \"127.0.0.1:8080\"").problems() == [taken[0]])
        #expect(Sample().with("check", "listen = \"127.0.0.1:9090\"").problems() == [taken[1]])
        let socket = "listen = \"unix:/run/a.sock\""
        #expect(
            Sample().with("server", socket).with("check", socket).problems() == [
                "check.listen: found \"unix:/run/a.sock\"; allowed another address than that of server.listen"
            ]
        )
    }

    @Test(arguments: [
        "unix:", "unix:relative.sock", "unix:/", "unix:/\(String(repeating: "a", count: 100))", "/run/a.sock",
    ])
    func aSocketHasAnAbsolutePathThatFits(_ text: String) {
        #expect(Sample().with("check", "listen = \"\(text)\"").problems().count == 1)
        #expect(Sample().with("admin", "listen = \"unix:/run/admin.sock\"").problems().count == 1)
    }

    @Test func theListenersAreApart() {
        let expected = [
            "admin.listen: found \"127.0.0.1:8080\"; allowed another address than that of server.listen"
        ]
        #expect(Sample().with("admin", "listen = \"127.0.0.1:8080\"").problems() == expected)
        #expect(
            Sample().with("server", "listen = \"0.0.0.0:9090\"").problems() == [
                "admin.listen: found \"127.0.0.1:9090\"; allowed another address than that of server.listen"
            ]
        )
    }
}
