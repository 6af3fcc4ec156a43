import Command
import Cryptography
import Gateway
import OpenIDConnect
import Testing

struct ProviderSectionTests {
    @Test func everythingIsRead() throws {
        let file = try TemporaryFile("-----BEGIN CERTIFICATE-----")
        let sample = Sample().with(
            "provider",
            "issuer = \"https://Auth.example.com:8443/oidc\"",
            "client_authentication = \"client_secret_post\"",
            "scopes = [\"openid\", \"profile\"]",
            "prompt = \"login consent\"",
            "back_channel_url = \"https://logto:3001/\"",
            "browser_url = \"https://login.example.com\"",
            "ca_file = \"\(file.path)\"",
            "ca_directory = \"/\"",
            "timeout = \"3s\"",
            "max_response = \"64KiB\"",
            "clock_skew = \"0s\""
        )
        let provider = try #require(sample.reading().configuration?.provider)
        #expect(provider.issuer == "https://Auth.example.com:8443/oidc")
        #expect(provider.client.id == "id")
        #expect(provider.client.secret == Secret("s3cret"))
        #expect(provider.client.authentication == .post)
        #expect(provider.client.scopes == ["openid", "profile"])
        #expect(provider.prompt == "login consent")
        #expect(provider.backChannelURL == "https://logto:3001")
        #expect(provider.browserURL == "https://login.example.com")
        #expect(provider.caFile == file.path)
        #expect(provider.caDirectory == "/")
        #expect(provider.timeout == .seconds(3))
        #expect(provider.maximumResponseBytes == 65_536)
        #expect(provider.clockSkew == .zero)
    }

    @Test(arguments: ["https://id.example.com", "https://id.example.com/realms/a%20b", "http://127.0.0.1:3001/oidc"])
    func anIssuerNeedNotBeLogto(_ issuer: String) {
        let sample = Sample().with("provider", "issuer = \"\(issuer)\"")
        #expect(sample.problems().isEmpty)
        #expect(sample.warnings().isEmpty)
        #expect(sample.reading().configuration?.provider.issuer == issuer)
    }

    @Test func anIssuerThatEndsInASlashIsWarnedOf() {
        let sample = Sample().with("provider", "issuer = \"https://id.example.com/oidc/\"")
        #expect(sample.warnings().count == 1)
        #expect(sample.warnings().first?.hasPrefix("provider.issuer: it ends in a slash") == true)
        #expect(sample.reading().configuration?.provider.issuer == "https://id.example.com/oidc/")
    }

    @Test(arguments: [
        "https://id.example.com/oidc?a=b", "https://id.example.com/oidc#a", "id.example.com",
        "https://u:p@id.example.com",
        "https://id.example.com/oi dc", "ftp://id.example.com",
    ])
    func anIssuerHasNoQueryAndNoFragment(_ issuer: String) {
        #expect(Sample().with("provider", "issuer = \"\(issuer)\"").problems().count == 1)
    }

    @Test(arguments: ["issuer", "back_channel_url", "browser_url"])
    func plainHTTPTakesASettingThatSaysInsecure(_ key: String) {
        let sample = Sample().with("provider", "\(key) = \"http://logto:3001\"")
        #expect(
            sample.problems() == [
                "provider.\(key): found \"http://logto:3001\"; "
                    + "allowed https, or http for a loopback host, or insecure_http = true"
            ]
        )
        #expect(sample.with("provider", "insecure_http = true").problems().isEmpty)
    }

    @Test(arguments: ["back_channel_url", "browser_url"])
    func theOtherURLsAreOriginsAlone(_ key: String) {
        #expect(Sample().with("provider", "\(key) = \"https://logto:3001/oidc\"").problems().count == 1)
        #expect(Sample().with("provider", "\(key) = \"\"").problems().isEmpty)
    }

    @Test(arguments: ["", "login", "consent", "login consent", "consent login"])
    func promptsThatTheProviderTakesAreTaken(_ prompt: String) {
        let sample = Sample().with("provider", "prompt = \"\(prompt)\"", "scopes = [\"openid\"]")
        #expect(sample.reading().configuration?.provider.prompt == prompt)
    }

    @Test(arguments: [
        "none consent", "consent none", "consent consent", "select_account", "Consent", " consent", "consent ",
        "login  consent",
        "create", "none none",
    ])
    func otherPromptsAreRefused(_ prompt: String) {
        let problems = Sample().with("provider", "prompt = \"\(prompt)\"").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("provider.prompt: found \"\(prompt)\"; allowed \"\", \"login\", ") == true)
    }

    @Test func aMisspeltPromptIsRecognised() {
        let problems = Sample().with("provider", "prompt = \"concent\"").problems()
        #expect(problems.first?.hasSuffix("; did you mean \"consent\"?") == true)
    }

    @Test func refreshTokensNeedConsent() {
        let sample = Sample().with("provider", "prompt = \"login\"")
        #expect(
            sample.warnings() == [
                "provider.prompt: without \"consent\" Logto "
                    + "drops the scope offline_access, and sessions cannot be refreshed"
            ]
        )
        #expect(sample.with("provider", "scopes = [\"openid\", \"email\"]").warnings().isEmpty)
        #expect(sample.with("provider", "prompt = \"login consent\"").warnings().isEmpty)
    }

    @Test func aPromptOfNoneIsWarnedOf() {
        let sample = Sample().with("provider", "prompt = \"none\"", "scopes = [\"openid\"]")
        #expect(sample.warnings().count == 1)
    }

    @Test func scopesAreWordsAndOpenIDIsAmongThem() {
        let sample = Sample().with("provider", "scopes = [\"email\"]")
        #expect(sample.reading().configuration?.provider.client.scopes == ["openid", "email"])
        for list in [
            "[]", "[\"\"]", "[\"a b\"]", "[\"é\"]", "[\"a\\\"\"]", "[\"a\", \"a\"]", "\"openid\"", "[1]", "[[\"a\"]]",
        ] {
            #expect(Sample().with("provider", "scopes = \(list)").problems().count == 1, "\(list)")
        }
    }

    @Test func theSecretMayComeFromAFile() throws {
        for (text, secret) in [("from file\n", "from file"), ("crlf\r\n", "crlf"), ("bare", "bare"), (" é ", " é ")] {
            let file = try TemporaryFile(text)
            let sample = Sample().without("provider", "client_secret")
                .with("provider", "client_secret_file = \"\(file.path)\"")
            #expect(sample.reading().configuration?.provider.client.secret == Secret(secret))
        }
    }

    @Test func aFileThatGivesNoSecretIsAProblem() throws {
        for text in ["", "\n", "two\nlines\n", "a\u{0}b"] {
            let file = try TemporaryFile(text)
            let sample = Sample().without("provider", "client_secret")
                .with("provider", "client_secret_file = \"\(file.path)\"")
            #expect(sample.problems().count == 1, "\(text)")
            #expect(sample.problems().first?.hasPrefix("provider.client_secret_file: found ") == true)
        }
        let missing = Sample().without("provider", "client_secret").with(
            "provider",
            "client_secret_file = \"/no/such/file\""
        )
        #expect(
            missing.problems() == [
                "provider.client_secret_file: found \"/no/such/file\", which does not exist; "
                    + "allowed the path of a file that we can read"
            ]
        )
        let directory = Sample().without("provider", "client_secret").with("provider", "client_secret_file = \"/\"")
        #expect(directory.problems().count == 1)
    }

    @Test func aSecretIsGivenOnce() throws {
        let file = try TemporaryFile("other")
        let sample = Sample().with("provider", "client_secret_file = \"\(file.path)\"")
        #expect(
            sample.problems() == [
                "provider.client_secret_file: found a file beside client_secret; allowed one of the two"
            ]
        )
        #expect(sample.with("provider", "client_secret = \"\"").problems().isEmpty)
    }

    @Test func aSecretThereMustBeUnlessTheClientIsPublic() {
        let sample = Sample().without("provider", "client_secret")
        #expect(
            sample.problems() == [
                "provider.client_secret: found nothing; allowed the application's secret, here or in client_secret_file"
            ]
        )
        let publicClient = sample.with("provider", "client_authentication = \"none\"")
        #expect(publicClient.reading().configuration?.provider.client.authentication == ClientAuthentication.none)
        #expect(Sample().with("provider", "client_authentication = \"none\"").problems().count == 1)
    }

    @Test func noSecretIsEverRepeated() {
        let samples = [
            Sample().with("provider", "client_secret = 123456789"),
            Sample().with("provider", "client_secret = [\"123456789\"]"),
            Sample().with("provider", "client_secret = \"123456789\\n\""),
            Sample().with("provider", "client_authentication = \"none\"", "client_secret = \"123456789\""),
            Sample().with("session", "keys = [\"123456789\", \"123456789\"]"),
            Sample().with("session", "keys = \"123456789\""),
            Sample().with("redis", "password = 123456789"),
            Sample().with("redis", "url = \"redis://:123456789@host\\n\""),
            Sample().with("redis", "url = \"redis://:123456789@host:port\""),
            Sample().with("redis", "url = \"redis://:123456789@host\"", "password = \"123456789\""),
        ]
        for sample in samples {
            let problems = sample.problems()
            #expect(!problems.isEmpty)
            #expect(!problems.contains { $0.contains("123456789") }, "\(problems)")
        }
    }

    @Test func filesAndDirectoriesMustBeThere() {
        #expect(Sample().with("provider", "ca_file = \"/no/such/file\"").problems().count == 1)
        #expect(Sample().with("provider", "ca_directory = \"/no/such/directory\"").problems().count == 1)
        #expect(Sample().with("provider", "ca_directory = \"/etc/hostname\"").problems().count == 1)
    }
}
