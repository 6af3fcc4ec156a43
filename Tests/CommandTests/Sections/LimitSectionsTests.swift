import Command
import Gateway
import Logging
import NIOCore
import Testing

struct LimitSectionsTests {
    @Test func timeoutsAreRead() throws {
        let keys = [
            "request_header", "idle_body", "keep_alive", "upstream_connect", "upstream_response", "upstream_keep_alive",
        ]
        var sample = Sample()
        for (index, key) in keys.enumerated() { sample = sample.with("timeouts", "\(key) = \"\(index + 1)ms\"") }
        let timeouts = try #require(sample.reading().configuration?.timeouts)
        #expect(timeouts.requestHeader == .milliseconds(1))
        #expect(timeouts.idleBody == .milliseconds(2))
        #expect(timeouts.keepAlive == .milliseconds(3))
        #expect(timeouts.upstreamConnect == .milliseconds(4))
        #expect(timeouts.upstreamResponse == .milliseconds(5))
        #expect(timeouts.upstreamKeepAlive == .milliseconds(6))
    }

    @Test func limitsAndLogsAreRead() throws {
        let sample = Sample().with(
            "limits",
            "header_size = \"8KiB\"",
            "header_fields = 20",
            "upstream_idle_connections = 0"
        )
        .with("log", "level = \"debug\"", "format = \"text\"", "access = false")
        let configuration = try #require(sample.reading().configuration)
        #expect(configuration.limits.headerBytes == 8_192)
        #expect(configuration.limits.headerFields == 20)
        #expect(configuration.limits.upstreamIdleConnections == 0)
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.format == .text)
        #expect(!configuration.log.access)
    }

    @Test(arguments: ["10", "\"10\"", "\"0s\"", "\"25h\"", "\"-1s\"", "true", "[\"1s\"]", "\"\"", "1.5"])
    func aTimeoutIsADurationWithinLimits(_ value: String) {
        let problems = Sample().with("timeouts", "idle_body = \(value)").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasSuffix("; allowed a duration from \"1ms\" to \"1d\"") == true)
    }

    @Test(arguments: ["1", "\"1023B\"", "\"2MiB\"", "\"16KB\""])
    func aSizeIsWithinLimits(_ value: String) {
        let problems = Sample().with("limits", "header_size = \(value)").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasSuffix("; allowed a size from \"1KiB\" to \"1MiB\"") == true)
    }

    @Test(arguments: ["9", "10001", "\"100\"", "100.0", "true"])
    func aNumberIsANumberWithinLimits(_ value: String) {
        let problems = Sample().with("limits", "header_fields = \(value)").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasSuffix("; allowed a whole number from 10 to 10000") == true)
    }

    @Test(arguments: ["1", "\"true\"", "\"\"", "[]"])
    func aFlagIsTrueOrFalse(_ value: String) {
        let problems = Sample().with("log", "access = \(value)").problems()
        #expect(problems.count == 1)
        #expect(problems.first?.hasSuffix("; allowed true or false") == true)
    }

    @Test func levelsHaveTheirSuggestions() {
        let problems = Sample().with("log", "level = \"warn\"", "format = \"JSON\"").problems()
        #expect(problems.first?.hasSuffix("\"warning\", \"error\", \"critical\"") == true)
        #expect(
            problems.last == "log.format: found \"JSON\"; allowed \"auto\", \"json\", \"text\"; did you mean \"json\"?"
        )
    }
}
