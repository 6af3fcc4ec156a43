import Gateway
import JSON
import NIOCore
import TestSupport
import Testing

/// Log lines: one JSON object each, whatever a stranger sent.
struct LogLineTests {
    private func line(_ write: (inout WireBytes) -> Void) -> [UInt8] {
        var wire = WireBytes()
        wire.beginLogLine(time: "now")
        write(&wire)
        wire.endLogLine()
        return wire.bytes
    }

    @Test func aLineIsWrittenByteForByte() {
        let line = self.line {
            $0.writeLogMember("text", "value")
            $0.writeLogMember("number", 42)
            $0.writeLogMember("duration", TimeAmount.microseconds(1_002_003))
        }
        #expect(text(line) == #"{"time":"now","text":"value","number":42,"duration":1002.003}"# + "\n")
    }

    @Test(arguments: [
        (0, "0.000"), (999, "0.000"), (1000, "0.001"), (99_000, "0.099"), (100_000, "0.100"), (-1, "0.000"),
    ])
    func durationsHaveThreeDecimals(_ nanoseconds: Int64, _ expected: String) {
        let line = self.line { $0.writeLogMember("d", TimeAmount.nanoseconds(nanoseconds)) }
        #expect(text(line) == #"{"time":"now","d":\#(expected)}"# + "\n")
    }

    @Test(arguments: [
        "a\nb", "a\r\n{\"level\":\"info\"}", "\"", "\\", "\\\"", "\u{0}", "\u{1b}[31m", "\u{7f}", "Grüße", "\u{2028}",
        #"","level":"critical"#,
    ])
    func hostileTextStaysInItsMember(_ hostile: String) throws {
        let line = self.line {
            $0.writeLogMember("key", hostile)
            $0.writeLogMember(named: hostile, "value")
        }
        #expect(line.last == UInt8(ascii: "\n"))
        #expect(line.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7f })
        let json = try JSON.parse(Array(line.dropLast()))
        #expect(json.objectValue?.count == 3)
        #expect(json["key"]?.stringValue.map { Array($0.utf8) } == Array(hostile.utf8))
        #expect(json[hostile]?.stringValue == "value")
    }

    @Test func noTextBreaksALine() throws {
        var random = SeededGenerator(seed: 1)
        let words = ["\n", "\r", "\"", "\\", "\\u0000", "\u{1b}]0;", "\u{9b}", "}", "{"].map { Array($0.utf8) }
        for _ in 0..<3000 {
            let value = text(random.mutated(Array("an honest path/with?query".utf8), words: words))
            let line = self.line { $0.writeLogMember("key", value) }
            #expect(line.count { $0 == UInt8(ascii: "\n") } == 1)
            let json = try JSON.parse(Array(line.dropLast()))
            #expect(json["key"]?.stringValue.map { Array($0.utf8) } == Array(value.utf8))
        }
    }

    @Test func aTerminalIsNotSpokenTo() {
        #expect(printable("a\u{1b}[31mb\r\n\u{7f}") == "a?[31mb???")
        #expect(printable("Grüße") == "Grüße")
    }
}
