import ArgumentParser
import Command
import Testing

struct CommandTests {
    private func code(_ arguments: String...) -> Int32 {
        do {
            _ = try Gatehouse.parseAsRoot(arguments)
            return 0
        } catch {
            return Gatehouse.exitCode(for: error).rawValue
        }
    }

    @Test func argumentsWeDoNotUnderstandAreExitCode64() {
        #expect(self.code("srve") == 64)
        #expect(self.code("serve") == 64)
        #expect(self.code("check", "--config") == 64)
        #expect(self.code("check", "--config", "a", "b") == 64)
        #expect(self.code("key", "--x") == 64)
        #expect(self.code("--help") == 0)
        #expect(self.code("check", "--config", "a") == 0)
    }

    @Test func aCommandMustBeNamed() async throws {
        let command = try #require(try Gatehouse.parseAsRoot([]) as? Gatehouse)
        #expect(throws: (any Error).self) { try command.run() }
    }

    @Test func aBadConfigurationIsExitCode78() throws {
        for name in ["check", "serve"] {
            let file = try TemporaryFile("[server]\n")
            let command = try Gatehouse.parseAsRoot([name, "--config", file.path])
            guard let option = (command as? Check)?.option ?? (command as? Serve)?.option else {
                Issue.record("\(command)")
                continue
            }
            do {
                _ = try option.read()
                Issue.record("it was taken")
            } catch {
                #expect(Gatehouse.exitCode(for: error).rawValue == 78)
            }
        }
    }

    @Test func aGoodConfigurationIsRead() throws {
        let file = try TemporaryFile(Sample().text)
        let command = try #require(try Gatehouse.parseAsRoot(["check", "--config", file.path]) as? Check)
        _ = try command.option.read()
    }
}
