import Command
import Testing

struct ConfigurationProblemTests {
    @Test func aProblemIsOneLine() {
        let problem = ConfigurationProblem(
            place: .file("g.toml", line: 7),
            key: "server.listen",
            found: "3",
            allowed: "an address",
            hint: "think"
        )
        #expect(problem.description == "g.toml:7: server.listen: found 3; allowed an address; think")
        #expect(problem.warning == "g.toml:7: warning: server.listen: found 3; allowed an address; think")
    }

    @Test func placesWithoutLineOrKeyLeaveThemOut() {
        let whole = ConfigurationProblem(
            place: .file("g.toml", line: nil),
            key: nil,
            message: "this file does not exist"
        )
        #expect(whole.description == "g.toml: this file does not exist")
        let variable = ConfigurationProblem(place: .environment, key: "GATEHOUSE_X", message: "unknown")
        #expect(variable.description == "environment: GATEHOUSE_X: unknown")
    }

    @Test func whatIsFoundStaysOnItsLine() {
        #expect(
            ConfigurationProblem.quoted("a\nb\r\u{1b}[31m\"\\\u{202e}\u{7f}é")
                == #""a\nb\r\u{1b}[31m\"\\\u{202e}\u{7f}é""#
        )
        #expect(ConfigurationProblem.quoted(String(repeating: "x", count: 200)).count == 83)
    }

    @Test func keysThatAreNotBareAreQuoted() {
        #expect(ConfigurationProblem.plain("client-id_2") == "client-id_2")
        #expect(ConfigurationProblem.plain("a b\n") == #""a b\n""#)
        #expect(ConfigurationProblem.plain("") == "\"\"")
    }
}
