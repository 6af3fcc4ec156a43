import ArgumentParser
import Command
import Gateway
import Testing

struct ReadyTests {
    @Test(arguments: [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("10.0.0.1", "10.0.0.1"), ("localhost", "localhost")])
    func aWildcardIsAskedOnLoopback(_ listen: String, _ reachable: String) {
        #expect(Configuration.ListenAddress(host: listen, port: 1).reachableHost == reachable)
    }

    @Test func nobodyThereIsExitCode1() async throws {
        // Port 0 is nobody's.
        let file = try TemporaryFile(Sample().with("admin", "listen = \"127.0.0.1:0\"").text)
        let command = try #require(try Gatehouse.parseAsRoot(["ready", "--config", file.path]) as? Ready)
        do {
            try await command.run()
            Issue.record("somebody answered")
        } catch {
            #expect(Gatehouse.exitCode(for: error).rawValue == 1)
        }
    }
}
