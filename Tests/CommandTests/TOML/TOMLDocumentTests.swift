import Command
import Testing

struct TOMLDocumentTests {
    @Test func everyKindOfValueIsTold() throws {
        let members = try TOML.members(
            "a = \"x\"\nb = 1\nc = true\n\nd = [1, \"y\"]\ne = { f = 2 }\ng = 1.5\nh = 2026-01-01\n"
        )
        let expected: [SettingMember] = [
            .init(key: "a", value: .string("x"), line: 1), .init(key: "b", value: .integer(1), line: 2),
            .init(key: "c", value: .boolean(true), line: 3),
            .init(key: "d", value: .list([.integer(1), .string("y")]), line: 5),
            .init(key: "e", value: .table([.init(key: "f", value: .integer(2), line: 6)], line: 6), line: 6),
            .init(key: "g", value: .other("a floating-point number"), line: 7),
            .init(key: "h", value: .other("a date or time"), line: 8),
        ]
        #expect(members == expected)
    }

    @Test(arguments: ["", "\n", "# nothing", "  # nothing\r\n\t\n", "\u{FEFF}"])
    func anEmptyTextIsAnEmptyDocument(_ text: String) throws {
        #expect(try TOML.members(text).isEmpty)
    }

    @Test func whatIsNotUTF8HasItsLine() {
        #expect(TOML.mistake([0x61, 0x0a, 0x0a, 0x23, 0xff])?.line == 3)
        #expect(TOML.mistake(Array("a = \"".utf8) + [0xc0, 0x80] + Array("\"".utf8))?.line == 1)
        #expect(TOML.mistake([0x23, 0xed, 0xa0, 0x80]) == TOMLError(line: 1, message: "the text is not UTF-8"))
    }

    /// The texts that end the process of a program that reads them with toml++ 3.4.
    @Test(arguments: ["[ü]", "[=]", "[[ ]", "[\n", "a = [}", "a = [\u{85}", "a = 1979-05-7= 2\u{3000}", "[}", "[:"])
    func smallMistakesAreMistakes(_ text: String) throws {
        #expect(TOML.mistake(text)?.line == 1)
        #expect(try TOML.shape("a = 1979-05-27T:") == "{a: a date or time}")
    }

    @Test func noTextEndsTheProcess() {
        let pieces = [
            "[", "]", "{", "}", "=", ",", ".", "\"", "'", "\"\"\"", "'''", "\\", "#", "\n", "\r\n", "\r", "a", "b.c",
            " ", "\t",
            "\\u00", "\\u0000", "é", "0x", "1", "-", "_", ":", "true", "inf", "\0", "\u{7f}", "[[", "]]", "\u{85}",
            "a = 1\n",
        ]
        var random = SeededGenerator(seed: 1)
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...40, using: &random)
            let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            if let mistake = TOML.mistake(text) {
                #expect(mistake.line >= 1)
                #expect(!mistake.message.utf8.contains(0x0a))
            }
        }
    }

    @Test func deepNestingIsAMistake() {
        for bracket in ["[", "{a=", "[{a="] {
            #expect(TOML.mistake("a = " + String(repeating: bracket, count: 100_000)) != nil)
        }
        #expect(TOML.mistake(String(repeating: "a.", count: 100_000) + "a = 1") != nil)
        #expect(TOML.mistake("[" + String(repeating: "a.", count: 100_000) + "a]") != nil)
        #expect(TOML.mistake("a = " + String(repeating: "[", count: 20) + String(repeating: "]", count: 20)) == nil)
    }

    @Test func manyKeysAreReadInTime() throws {
        let text = (0..<10_000).map { "key\($0) = \($0)\n" }.joined()
        #expect(try TOML.members(text).count == 10_000)
    }
}
