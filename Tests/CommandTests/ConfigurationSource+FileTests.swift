import Command
import Cryptography
import FoundationEssentials
import Gateway
import Testing

/// What a running gateway looks at to find out that it has been configured anew.
struct ConfigurationSourceFileTests {
    @Test func theFileAndThoseItNamesAreLookedAt() throws {
        let keys = try TemporaryFile(SealingKey.generate().text)
        let file = try TemporaryFile(Sample().with("session", "keys_file = \"\(keys.path)\"").text)
        let source = ConfigurationSource(file: file.path)
        let first = source.fingerprint()
        #expect(source.fingerprint() == first)
        #expect(source.read().problems == [])

        try Data(SealingKey.generate().text.utf8).write(to: URL(filePath: keys.path))
        let second = source.fingerprint()
        #expect(second != first)

        try Data("[server".utf8).write(to: URL(filePath: file.path))
        #expect(source.fingerprint() != second)
        let reading = source.read()
        #expect(reading.configuration == nil)
        #expect(reading.problems.first?.contains(":1: this is not TOML") == true)
    }
}
