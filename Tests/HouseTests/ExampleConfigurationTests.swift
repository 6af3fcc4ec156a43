import Command
import Cryptography
import Gateway
import Redis
import Testing

struct ExampleConfigurationTests {
    private let example: ExampleConfiguration

    /// These show what could stand there, because their defaults are none or depend on others.
    private static let examples = [
        "provider.name", "provider.client_secret_file", "check.listen", "route.name", "route.host", "route.methods",
        "route.require",
        "route.sign_in", "route.preset", "route.user_claim", "route.headers", "route.bearer",
        "route.token", "route.page_rules",
        "route.provider", "session.live_check",
    ]

    init() throws {
        self.example = ExampleConfiguration(try House().text("config.example.toml"))
    }

    private func read(_ example: ExampleConfiguration, _ environment: [String: String] = [:]) -> ConfigurationReading {
        ConfigurationFile.read(Array(example.text.utf8), path: "config.example.toml", environment: environment)
    }

    /// All there is in a configuration, as text: it is not `Equatable`.
    private func fingerprint(_ configuration: Configuration?) -> String {
        var text = ""
        dump(configuration, to: &text)
        if let redis = configuration?.redis {
            // Redis settings do not let themselves be dumped, for their password.
            text +=
                "\(redis.address) \(redis.database) \(redis.user as Any) \(redis.password as Any) \(redis.tls as Any)"
            text += "\(redis.commandTimeout) \(redis.connectTimeout)"
        }
        return text
    }

    @Test func theExampleIsReadWithoutProblem() {
        let reading = self.read(self.example)
        #expect(reading.problems.map(\.description) == [])
        #expect(reading.warnings.map(\.description) == [])
        #expect(reading.configuration != nil)
    }

    @Test func theExampleHasExactlyTheKeysOfTheReader() {
        let keys = self.read(self.example).keys
        #expect(keys.sorted() == self.example.keys.map(\.name).sorted())
    }

    @Test func everyCommentedKeyShowsItsDefault() {
        let expected = self.fingerprint(self.read(self.example).configuration)
        for key in self.example.keys where !key.isSet && !Self.examples.contains(key.name) {
            let reading = self.read(self.example.setting([key]))
            #expect(reading.problems.map(\.description) == [], "\(key.name)")
            #expect(reading.warnings.map(\.description) == [], "\(key.name)")
            #expect(self.fingerprint(reading.configuration) == expected, "\(key.name)")
        }
    }

    @Test func allDefaultsTogetherAreTheDefault() {
        let defaults = self.example.setting(self.example.keys.filter { !Self.examples.contains($0.name) })
        let reading = self.read(defaults)
        #expect(reading.problems.map(\.description) == [])
        #expect(self.fingerprint(reading.configuration) == self.fingerprint(self.read(self.example).configuration))
    }

    @Test func theDefaultsOfRedisAreShownToo() {
        let environment = [
            "GATEHOUSE_SESSION_STORE": "redis", "GATEHOUSE_SESSION_KEYS": SealingKey.generate().text,
        ]
        let defaults = self.example.setting(self.example.keys.filter { $0.name.hasPrefix("redis.") })
        let shown = self.read(defaults, environment).configuration
        #expect(shown?.redis != nil)
        #expect(self.fingerprint(shown) == self.fingerprint(self.read(self.example, environment).configuration))
    }

    @Test func whatIsNotCommentedMustBeSet() {
        // A route without an upstream is one for checks.
        for key in self.example.keys where key.isSet && key.name != "route.upstream" {
            var without = self.example
            without.lines[key.index] = ""
            let problems = self.read(without).problems.map(\.message)
            #expect(problems.count == 1, "\(key.name)")
            #expect(problems.first?.hasPrefix("found nothing; allowed ") == true, "\(key.name)")
        }
    }

    @Test func aMisspeltKeyIsNamedWithItsLine() throws {
        let key = try #require(self.example.keys.first { $0.name == "session.lifetime" })
        let problems = self.read(self.example.renaming(key, to: "lifetmie")).problems.map(\.description)
        #expect(
            problems == [
                "config.example.toml:\(key.index + 1): session.lifetmie: found an unknown key; "
                    + "allowed store, lifetime, idle, refresh_ahead, revalidate_after, keys, keys_file, cors_origins, "
                    + "token_resources, organization_tokens, max_in_memory, cache_size, live_grace, live_check; "
                    + "did you mean \"lifetime\"?"
            ]
        )
    }

    @Test func everyMisspeltKeyIsRecognised() throws {
        for key in self.example.keys {
            let parts = key.name.split(separator: ".")
            let name = String(parts[1])
            let misspelt = String(name.dropLast()) + "q"
            let reading = self.read(self.example.renaming(key, to: misspelt))
            #expect(reading.configuration == nil)
            let line = "config.example.toml:\(key.index + 1): \(parts[0]).\(misspelt): found an unknown key; "
            let problem = try #require(reading.problems.map(\.description).first { $0.hasPrefix(line) }, "\(key.name)")
            #expect(problem.hasSuffix("; did you mean \"\(name)\"?"), "\(problem)")
        }
    }

    @Test func everyKeyHasAVariable() {
        for key in self.example.keys where !key.name.hasPrefix("route.") {
            let parts = key.name.split(separator: ".").map(String.init)
            let variable = EnvironmentVariable.name(parts[0], parts[1])
            // A control character is wrong for every key, so whoever complains has read the variable.
            let problems = self.read(self.example, [variable: "\u{1}"]).problems
            #expect(problems.contains { $0.place == .environment && $0.key == variable }, "\(variable)")
        }
    }
}
