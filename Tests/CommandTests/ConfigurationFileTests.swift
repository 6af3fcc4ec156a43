import Command
import Cryptography
import Gateway
import NIOCore
import OpenIDConnect
import Testing

struct ConfigurationFileTests {
    private func lines(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        ConfigurationFile.read(Array(text.utf8), path: "g.toml", environment: environment).problems.map(\.description)
    }

    @Test func aConfigurationWithoutProblemsIsThere() {
        let reading = Sample().reading()
        #expect(reading.configuration != nil)
        #expect(reading.problems.isEmpty)
        #expect(reading.warnings.isEmpty)
    }

    @Test func everyProblemIsToldAtOnceInTheOrderOfTheFile() {
        let text = """
            [server]
            listne = "127.0.0.1:8080"
            public_url = "http://app.example.com"
            workers = -1
            [provider]
            issuer = "https://auth.example.com/oidc"
            client_id = ""
            client_secret = "s3cret"
            timeout = 10
            [sesion]
            store = "redis"
            [[route]]
            path = "/a/../b"
            upstream = "ftp://127.0.0.1:3000"
            [[route]]
            path = "/"
            upstream = "http://127.0.0.1:3000"
            acess = "anyone"
            """
        let lines = self.lines(text, ["GATEHOUSE_LOG_LEVEL": "loud", "GATEHOUSE_LOG_LEVLE": "info"])
        let starts = [
            "g.toml:1: server.listen: found nothing; allowed \"address:port\"",
            "g.toml:2: server.listne: found an unknown key; allowed listen, ",
            "g.toml:3: server.public_url: found \"http://app.example.com\"; allowed https",
            "g.toml:4: server.workers: found -1; allowed a whole number from 0 to 1024",
            "g.toml:7: provider.client_id: found \"\"; allowed ",
            "g.toml:9: provider.timeout: found 10; allowed a duration from \"1ms\" to \"5m\"",
            "g.toml:10: sesion: found an unknown section; allowed the sections server, tls, admin, check, ",
            "g.toml:14: route.upstream: found \"ftp://127.0.0.1:3000\"; allowed ",
            "g.toml:18: route.acess: found an unknown key; allowed ",
            "environment: GATEHOUSE_LOG_LEVEL: found \"loud\"; allowed \"trace\", ",
            "environment: GATEHOUSE_LOG_LEVLE: found an unknown variable; allowed ",
        ]
        #expect(lines.count == starts.count, "\(lines)")
        for (line, start) in zip(lines, starts) { #expect(line.hasPrefix(start), "\(line)") }
        #expect(lines[1].hasSuffix("; did you mean \"listen\"?"))
        #expect(lines[6].hasSuffix("; did you mean \"session\"?"))
        #expect(lines[8].hasSuffix("; did you mean \"access\"?"))
        #expect(lines[10].hasSuffix("; did you mean \"GATEHOUSE_LOG_LEVEL\"?"))
    }

    @Test func aKeyInTheWrongSectionIsSentHome() {
        let problems = Sample().with("server", "client_id = \"x\"").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasSuffix("; did you mean \"provider.client_id\"?") == true)
    }

    @Test func aKeyOutsideOfAnySectionIsRefused() {
        let lines = self.lines("listen = \"127.0.0.1:8080\"\n" + Sample().text)
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasPrefix("g.toml:1: listen: found a key outside of any section; allowed the sections ")
                == true
        )
        #expect(lines.first?.hasSuffix("; did you mean \"server.listen\"?") == true)
    }

    @Test func aSectionThatIsNoTableIsRefused() {
        let lines = self.lines("admin = 3\n" + Sample().without("admin").text)
        #expect(lines == ["g.toml:1: admin: found 3; allowed a table, [admin]"])
    }

    @Test func keysWithStrangeNamesStayOnTheirLine() {
        let lines = self.lines(Sample().text + "\"a\\nb\\u001b\" = 1\n")
        #expect(lines.count == 1)
        #expect(lines.first?.contains(#"route."a\nb\u{1b}": found an unknown key"#) == true)
    }

    @Test func dottedKeysAndInlineTablesAreTheSame() {
        let text = """
            server = { listen = "127.0.0.1:8080", public_url = "https://app.example.com" }
            provider.issuer = "https://auth.example.com/oidc"
            provider."client_id" = "id"
            provider.client_secret = '''s3cret'''
            route = [
                { path = "/", upstream = "http://127.0.0.1:3000" },

                { path = "/a", upstream = "http://127.0.0.1:3000", access = "all" },
            ]
            """
        let lines = self.lines(text)
        #expect(lines == ["g.toml:8: route.access: found \"all\"; allowed \"signed-in\", \"optional\", \"anyone\""])
    }

    @Test func aSyntaxErrorIsTheOnlyProblem() {
        let lines = self.lines("[server]\nlisten = \n", ["GATEHOUSE_X": "1"])
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("g.toml:2: this is not TOML: ") == true, "\(lines)")
    }

    @Test func variablesOverrideTheFile() throws {
        let environment = [
            "GATEHOUSE_SERVER_LISTEN": "0.0.0.0:80", "GATEHOUSE_SERVER_WORKERS": "2",
            "GATEHOUSE_SERVER_TRUSTED_PROXIES": "10.0.0.0/8, 192.168.0.1", "GATEHOUSE_PROVIDER_CLIENT_SECRET": "other",
            "GATEHOUSE_PROVIDER_SCOPES": "openid,email", "GATEHOUSE_SIGN_IN_FIRST_SCREEN": "register",
            "GATEHOUSE_SIGN_IN_IDENTIFIER": "", "GATEHOUSE_LOG_ACCESS": "false", "GATEHOUSE_TIMEOUTS_IDLE_BODY": "5s",
            "GATEHOUSE_LIMITS_HEADER_SIZE": "4KiB", "GATEHOUSE_SESSION_STORE": "memory",
            "GATEHOUSE_BINARY": "/x", "GATEHOUSE_DEMO_BINARY": "/y", "HOME": "/root",
        ]
        let reading = Sample().with("server", "workers = -1").reading(environment: environment)
        #expect(reading.problems.isEmpty)
        let configuration = try #require(reading.configuration)
        #expect(configuration.server.listen == .init(host: "0.0.0.0", port: 80))
        #expect(configuration.server.workers == 2)
        #expect(configuration.server.trustedProxies.count == 2)
        #expect(configuration.provider.client.secret == .init("other"))
        #expect(configuration.provider.client.scopes == ["openid", "email"])
        #expect(configuration.signIn.options.parameters.firstScreen == .register)
        #expect(!configuration.log.access)
        #expect(configuration.timeouts.idleBody == .seconds(5))
        #expect(configuration.limits.headerBytes == 4_096)
    }

    @Test(arguments: [
        ("GATEHOUSE_SERVER_WORKERS", "two", "found \"two\"; allowed a whole number from 0 to 1024"),
        (
            "GATEHOUSE_SERVER_WORKERS", "99999999999999999999",
            "found \"99999999999999999999\"; allowed a whole number from 0 to 1024"
        ),
        ("GATEHOUSE_LOG_ACCESS", "yes", "found \"yes\"; allowed true or false"),
        ("GATEHOUSE_LOG_ACCESS", "", "found \"\"; allowed true or false"),
        (
            "GATEHOUSE_SERVER_TRUSTED_PROXIES", "10.0.0.1,,10.0.0.2",
            "found an empty text in the list; "
                + "allowed a list of addresses and networks, such as \"10.0.0.0/8\" or \"::1\", and \"unix\""
        ),
        ("GATEHOUSE_LOG_FORMAT", "jsn", "found \"jsn\"; allowed \"auto\", \"json\", \"text\"; did you mean \"json\"?"),
    ])
    func aWrongVariableIsNamed(_ name: String, _ value: String, _ message: String) {
        let problems = Sample().reading(environment: [name: value]).problems
        #expect(problems.map(\.description) == ["environment: \(name): \(message)"])
    }

    @Test(arguments: [
        ("GATEHOUSE_SERVER_PUBLIC_ULR", "GATEHOUSE_SERVER_PUBLIC_URL"),
        ("GATEHOUSE_CLIENT_SECRET", "GATEHOUSE_PROVIDER_CLIENT_SECRET"),
        ("GATEHOUSE_SIGNIN_LOGIN_HINT", "GATEHOUSE_SIGN_IN_LOGIN_HINT"),
        ("GATEHOUSE_X", nil), ("GATEHOUSE_", nil),
    ])
    func anUnknownVariableHasItsSuggestion(_ name: String, _ meant: String?) {
        let problems = Sample().problems(environment: [name: "x"])
        let allowed = "GATEHOUSE_SECTION_KEY for the keys of the file, except those of [[route]]"
        let hint = meant.map { "; did you mean \"\($0)\"?" } ?? ""
        #expect(problems == ["\(name): found an unknown variable; allowed \(allowed)\(hint)"])
    }

    @Test func routesComeFromTheFileAlone() {
        let problems = Sample().problems(environment: ["GATEHOUSE_ROUTE_PATH": "/x"])
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("GATEHOUSE_ROUTE_PATH: found an unknown variable") == true)
    }

    @Test func aSecretOfTheFileAndOneOfAVariablesFileAreTwo() throws {
        let file = try TemporaryFile("s\n")
        let environment = ["GATEHOUSE_PROVIDER_CLIENT_SECRET_FILE": file.path]
        #expect(Sample().problems(environment: environment).count == 1)
        #expect(Sample().without("provider", "client_secret").problems(environment: environment).isEmpty)
    }

    @Test func noVariableNamesTwoKeys() {
        let keys = Sample().reading().keys
        let names = keys.map { key in
            let parts = key.split(separator: ".", maxSplits: 1)
            return EnvironmentVariable.name(String(parts[0]), String(parts[1]))
        }
        #expect(Set(names).count == keys.count)
        #expect(!names.contains { !EnvironmentVariable.isSetting($0, value: "tcp://1") })
    }

    @Test func aFileThatIsNotThereIsAProblem() {
        let reading = ConfigurationFile.read(path: "/no/such/file.toml", environment: [:])
        #expect(reading.problems.map(\.description) == ["/no/such/file.toml: this file does not exist"])
        #expect(reading.configuration == nil)
        #expect(ConfigurationFile.read(path: "/", environment: [:]).problems.count == 1)
        #expect(ConfigurationFile.read(path: "", environment: [:]).problems.count == 1)
    }

    @Test func anEmptyFileMissesAllThatMustBeSet() {
        let keys = ConfigurationFile.read([], path: "g.toml", environment: [:]).problems.map(\.key)
        #expect(
            keys == [
                "server.listen", "server.public_url", "provider.issuer", "provider.client_id", "provider.client_secret",
                "route",
            ]
        )
    }

    @Test func noTextEndsTheProcess() {
        let original = Array(Sample().with("session", "store = \"redis\"").withRoute("path = \"/a%20b\"").text.utf8)
        var random = SeededGenerator(seed: 2)
        let spice = Array("\"'[]{}=.,#\n\\u0-9é\0\u{1b}".utf8) + [0xff, 0xc0]
        for _ in 0..<1_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = spice.randomElement(using: &random) ?? 0
                case 1: bytes.insert(spice.randomElement(using: &random) ?? 0, at: index)
                default: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...20, using: &random)))
                }
                if bytes.isEmpty { bytes = original }
            }
            let reading = ConfigurationFile.read(bytes, path: "g.toml", environment: [:])
            #expect((reading.configuration == nil) == !reading.problems.isEmpty)
            #expect(!reading.problems.contains { $0.description.utf8.contains(0x0a) })
        }
    }
}
