import ArgumentParser
import Command
import Testing

struct DoctorTests {
    private func doctor(_ arguments: String...) throws -> Doctor {
        try #require(try Gatehouse.parseAsRoot(["doctor"] + arguments) as? Doctor)
    }

    /// The exit code, when it does not come to asking anybody.
    private func code(_ arguments: String...) async throws -> Int32 {
        let file = try TemporaryFile(Sample().text)
        let command = try #require(
            try Gatehouse.parseAsRoot(["doctor", "--config", file.path] + arguments) as? Doctor
        )
        do {
            try await command.run()
            return 0
        } catch {
            return Gatehouse.exitCode(for: error).rawValue
        }
    }

    @Test func itTakesAnAddressAndAConfiguration() throws {
        let doctor = try self.doctor("https://a.example", "--config", "g.toml", "--beside-gateway")
        #expect(doctor.url == "https://a.example")
        #expect(doctor.besideGateway)
        #expect(doctor.timeout == "5s")
    }

    @Test func wrongArgumentsAreExitCode64() async throws {
        #expect(try await self.code("a.example") == 64)
        #expect(try await self.code("https://a.example", "--timeout", "1h") == 64)
        #expect(try await self.code("https://a.example", "--connect", "x") == 64)
        #expect(try await self.code("https://a.example", "--witness", "x") == 64)
        #expect(try await self.code("https://a.example", "--witness", "127.0.0.1:1") == 64)
        #expect(try await self.code("https://a.example", "--ca-file", "/nowhere.pem") == 64)
    }

    @Test func aBadConfigurationIsExitCode78() async throws {
        let file = try TemporaryFile("[server]\n")
        let command = try self.doctor("https://a.example", "--config", file.path)
        do {
            try await command.run()
            Issue.record("it was taken")
        } catch {
            #expect(Gatehouse.exitCode(for: error).rawValue == 78)
        }
    }
}
