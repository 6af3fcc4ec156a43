import Command
import Testing

struct TOMLDocumentTests {
    private func members(_ text: String) throws -> [SettingMember] {
        try TOMLDocument(Array(text.utf8)).members
    }

    private func failure(_ bytes: [UInt8]) -> TOMLDocument.SyntaxError? {
        do {
            _ = try TOMLDocument(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test func everyKindOfValueIsTold() throws {
        let members = try self.members(
            "a = \"x\"\nb = 1\nc = true\nd = [1, \"y\"]\ne = { f = 2 }\ng = 1.5\nh = 2026-01-01\ni = []\nj = {}\n")
        let expected: [(String, SettingValue)] = [
            ("a", .string("x")), ("b", .integer(1)), ("c", .boolean(true)), ("d", .list([.integer(1), .string("y")])),
            ("e", .table([SettingMember(key: "f", value: .integer(2))])), ("g", .other("a floating-point number")),
            ("h", .other("a date or time")), ("i", .list([])), ("j", .table([])),
        ]
        #expect(members == expected.map { SettingMember(key: $0, value: $1) })
    }

    @Test func anEmptyTextIsAnEmptyDocument() throws {
        #expect(try self.members("").isEmpty)
        #expect(try self.members("# nothing\n").isEmpty)
    }

    @Test(arguments: [
        ("a = 1\nb = \n", 2), ("[server\n", 1), ("a = 1\n\na = 2\n", 3), ("a = \"x\ny\"\n", 1), ("x", 1),
        ("[a]\n[b]\n[a]\n", 3), ("a = [1,\n2\n", 2), ("a = 99999999999999999999\n", 1), ("a = \"\\q\"\n", 1),
    ])
    func aSyntaxErrorHasItsLine(_ text: String, _ line: Int) throws {
        let failure = try #require(self.failure(Array(text.utf8)))
        #expect(abs(failure.line - line) <= 1, "\(failure)")
        #expect(!failure.message.isEmpty)
        #expect(!failure.message.contains("\n"))
    }

    @Test func whatIsNotUTF8HasItsLine() {
        #expect(self.failure([0x61, 0x0a, 0x0a, 0x23, 0xff])?.line == 3)
        #expect(self.failure(Array("a = \"".utf8) + [0xc0, 0x80] + Array("\"".utf8))?.line == 1)
    }

    /// The parser's C interface ends a text at NUL: what comes behind it would silently not count.
    @Test(arguments: ["a = 1\n# \0\nb = 2\n", "a = 1\nb = \"x\\u0000y\"\n", "a = 1\n\"b\\u0000\" = 1\n"])
    func nulIsRefused(_ text: String) {
        #expect(self.failure(Array(text.utf8)) == .init(line: 2, message: "NUL cannot be part of a setting"))
    }

    @Test func deepNestingEndsTheReadingNotTheProcess() throws {
        for depth in [10, 200, 300, 100_000] {
            let text = "a = " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            _ = try? self.members(text)
        }
    }
}
