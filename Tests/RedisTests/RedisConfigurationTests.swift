import NIOCore
import Redis
import Testing

struct RedisConfigurationTests {
    @Test func theDefaultsAreTheDocumentedOnes() {
        let configuration = RedisConfiguration(address: .tcp(host: "redis", port: 6379))
        #expect(configuration.commandTimeout == .milliseconds(50))
        #expect(configuration.connectTimeout == .seconds(2))
        #expect(configuration.maximumPendingCommands == 10_000)
        #expect(configuration.maximumReplyBytes == 16 * 1024 * 1024)
        #expect(configuration.tls == nil)
    }

    @Test func nothingPrintedHasThePassword() throws {
        var configuration = try RedisConfiguration(url: "redis://user:s3cret@redis:6379/2")
        configuration.password = "s3cret"
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("s3cret"))
        }
        #expect("\(configuration)" == "redis:6379, database 2")
    }

    @Test func theBackoffDoublesUpToItsMaximum() {
        let backoff = RedisConfiguration.Backoff()
        let longest = [1, 2, 3, 4, 5, 6, 7, 8, 100, .max].map { backoff.delay(afterFailures: $0, chance: 0) }
        let expected: [Int64] = [50, 100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000, 1_000]
        #expect(longest == expected.map { .milliseconds($0) })
    }

    @Test func chanceTakesUpToHalfOfTheBackoff() {
        let backoff = RedisConfiguration.Backoff()
        #expect(backoff.delay(afterFailures: 1, chance: 1) == .milliseconds(25))
        #expect(backoff.delay(afterFailures: 1, chance: 0.5) == .microseconds(37_500))
        #expect(backoff.delay(afterFailures: 1, chance: 7) == .milliseconds(25))
        #expect(backoff.delay(afterFailures: 0, chance: 0) == .zero)
        #expect(backoff.delay(afterFailures: 0, chance: 1) == .milliseconds(5))
    }

    @Test func aCAFileMustHaveCertificates() {
        for file in ["/nonexistent/ca.pem", "/dev/null"] {
            #expect(throws: RedisError.self) { try RedisTLS(caFile: file) }
        }
    }

    @Test func aClientCertificateHasAKey() {
        #expect(throws: RedisError.self) { try RedisTLS(certificateFile: "/dev/null", keyFile: "/dev/null") }
        #expect(throws: RedisError.configuration("a client certificate and its key come together")) {
            try RedisTLS(certificateFile: "/dev/null")
        }
        #expect(throws: RedisError.configuration("a client certificate and its key come together")) {
            try RedisTLS(keyFile: "/dev/null")
        }
    }

    @Test func aServerNameIsNoAddress() {
        #expect(throws: RedisError.self) { try RedisTLS(serverName: "127.0.0.1") }
        #expect(throws: RedisError.self) { try RedisTLS(serverName: "::1") }
    }
}
