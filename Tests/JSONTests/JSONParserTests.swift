import JSON
import TestSupport
import Testing

struct JSONParserTests {
    private func parse(_ text: String, maximumDepth: Int = 32) throws(JSONError) -> JSON {
        try JSON.parse(Array(text.utf8), maximumDepth: maximumDepth)
    }

    private func expectRefusal(of text: String, as isExpected: (JSONError) -> Bool) {
        do throws(JSONError) {
            _ = try parse(text)
            Issue.record("\(text) was read")
        } catch {
            #expect(isExpected(error), "\(text) was refused because \(error)")
        }
    }

    @Test func everyKindOfValueIsRead() throws {
        let value = try parse(" {\"a\" : [ 1 , -2.5e3 , true,false , null ] ,\r\n\t\"b\":{} , \"\": \"x\" , \"d\":[]} ")
        #expect(value["a"]?.arrayValue?.count == 5)
        #expect(value["a"]?.arrayValue?[1].integerValue == -2500)
        #expect(value["a"]?.arrayValue?[2...] == [true, false, nil])
        #expect(value["b"] == [:])
        #expect(value[""] == "x")
        #expect(value["d"] == [])
        #expect(try parse("\"x\"") == "x")
        #expect(try parse("null") == nil)
    }

    @Test(arguments: [
        "", " ", "{", "[", "\"", "tru", "nul", "-", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "[1", "[1,", "\"\\",
        "\"\\u", "\"\\u00", "\"a",
    ])
    func whatEndsTooEarlyIsRefused(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test(arguments: [
        "[1,]", "{\"a\":1,}", "{,}", "[,]", "{a:1}", "{'a':1}", "{1:1}", "{\"a\" 1}", "[1 2]", "{\"a\":1 \"b\":2}", "]",
        "}", ",", "True", "NaN", "Infinity", "+1", ".5", "nulL", "undefined", "// comment\n1", "/**/1", "[1}",
        "{\"a\":1]",
        "\u{FEFF}1", "\u{A0}1", "\u{0B}1", "\u{0C}1", "'a'", "\\u0031",
    ])
    func whatIsNotTheGrammarIsRefused(text: String) {
        expectRefusal(of: text) { if case .unexpectedByte = $0 { true } else { false } }
    }

    @Test(arguments: ["01", "-01", "00", "1.", "1.e3", "1e", "1e+", "-a", "--1", "-.5"])
    func aMalformedNumberIsRefused(text: String) {
        #expect(throws: JSONError.invalidNumber(offset: 0)) { try parse(text) }
    }

    @Test(arguments: ["1 1", "{} {}", "null,", "1x", "\"a\"\"b\"", "[]]", "0x10", "1\u{0}", "{}\u{0}"])
    func nothingMayFollowTheValue(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    // MARK: Strings

    @Test func escapesAreUndone() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC""#) == .string("\"\\/\u{8}\u{C}\n\r\tA\u{E9}\u{20AC}"))
        #expect(try parse(#""\ud83d\udc4B""#) == "\u{1F44B}")
        #expect(try parse(#""a\u0000b""#) == .string("a\u{0}b"))
        #expect(try parse(#""\ufdd0\ufffe""#).stringValue?.unicodeScalars.map(\.value) == [0xFDD0, 0xFFFE])
        #expect(try parse(#""x\u0041y\u0042z""#) == "xAyBz")
    }

    @Test(arguments: [
        #""\ud83d""#, #""\udc4b""#, #""\ud83d\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#, #""\udc4b\ud83d""#,
        #""\ud83d\u0041""#, #"{"\ud800":1}"#,
    ])
    func halfASurrogatePairIsRefused(text: String) {
        expectRefusal(of: text) { if case .loneSurrogate = $0 { true } else { false } }
    }

    @Test(arguments: [#""\x41""#, #""\'""#, #""\u{41}""#, #""\u00g0""#, #""\U0041""#, #""\0""#, #""\u+041""#])
    func anUnknownEscapeIsRefused(text: String) {
        #expect(throws: JSONError.invalidEscape(offset: 1)) { try parse(text) }
    }

    @Test func aControlCharacterMustBeEscaped() {
        for byte in UInt8(0)..<0x20 {
            #expect(throws: JSONError.controlCharacter(offset: 2)) { try JSON.parse([0x22, 0x61, byte, 0x22]) }
        }
        #expect(throws: Never.self) { try JSON.parse([0x22, 0x7F, 0x22]) }
    }

    @Test(
        arguments: [
            [0xFF], [0x80], [0xC3], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE2, 0x82],
            [0xC3, 0x28],
            [0xC3, 0x5C, 0x6E],
        ] as [[UInt8]]
    )
    func aStringThatIsNotUTF8IsRefused(bytes: [UInt8]) {
        #expect(throws: JSONError.invalidUTF8(offset: 0)) { try JSON.parse([0x22] + bytes + [0x22]) }
        #expect(throws: JSONError.self) { try JSON.parse([0x7B, 0x22] + bytes + Array("\":1}".utf8)) }
        #expect(throws: JSONError.self) { try JSON.parse(bytes) }
    }

    @Test func highBytesOutsideAStringAreRefused() {
        for byte in UInt8(0x80)...0xFF {
            #expect(throws: JSONError.unexpectedByte(offset: 1)) { try JSON.parse([0x5B, byte, 0x5D]) }
        }
    }

    // MARK: Names

    @Test(arguments: [
        #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"":1,"":1}"#, #"{"x":{"iss":1,"b":2,"iss":1}}"#,
        #"{"é":1,"\u00e9":2}"#, #"{"\/":1,"/":2}"#,
    ])
    func aNameMayNotStandTwice(text: String) {
        expectRefusal(of: text) { if case .duplicateName = $0 { true } else { false } }
    }

    @Test func namesOfDifferentBytesAreDifferent() throws {
        #expect(try parse(#"{"\u00e9":1,"e\u0301":2,"a":3,"A":4,"a ":5,"a\u0000":6}"#).objectValue?.count == 6)
    }

    @Test func aNameIsFoundTwiceAmongManyAsWell() throws {
        for repeated in [0, 6, 7, 8, 9, 50, 998] {
            var members = (0..<1000).map { "\"member\($0)\":\($0)" }
            #expect(try parse("{" + members.joined(separator: ",") + "}").objectValue?.count == 1000)
            members[999] = "\"member\(repeated)\":1"
            #expect(throws: JSONError.self) { try parse("{" + members.joined(separator: ",") + "}") }
        }
    }

    // MARK: Depth

    @Test func nestingIsCountedExactly() throws {
        #expect(throws: Never.self) { try parse("[[{\"a\":1}]]", maximumDepth: 3) }
        #expect(throws: JSONError.tooDeep(offset: 2)) { try parse("[[{\"a\":1}]]", maximumDepth: 2) }
        #expect(throws: JSONError.tooDeep(offset: 0)) { try parse("[]", maximumDepth: 0) }
        #expect(throws: JSONError.tooDeep(offset: 0)) { try parse("{}", maximumDepth: -1) }
        #expect(try parse("1", maximumDepth: 0) == 1)
    }

    @Test func deepNestingIsRefusedBeforeTheStackEnds() throws {
        #expect(throws: JSONError.tooDeep(offset: 32)) { try parse(String(repeating: "[", count: 1_000_000)) }
        let depth = JSON.depthLimit
        #expect(throws: JSONError.tooDeep(offset: depth)) {
            try parse(String(repeating: "[", count: 1_000_000), maximumDepth: .max)
        }
        #expect(throws: JSONError.tooDeep(offset: 5 * depth)) {
            try parse(String(repeating: "{\"a\":", count: 100_000), maximumDepth: .max)
        }
        let deepest = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(throws: Never.self) { try parse(deepest, maximumDepth: .max) }
    }

    // MARK: Strangers

    @Test func anyBytesAreReadOrRefusedAndWhatIsReadComesBack() throws {
        let seeds = [
            #"{"iss":"https://id.example/oidc","aud":["a","b"],"exp":1700000000,"nbf":1e3,"x":null,"n":{"y":[true]}}"#,
            #"["\u00e9\ud83d\udc4b\n",-0.5E-7,{"é":"👋","":[[[]]]}]"#,
        ].map { Array($0.utf8) }
        let words = [
            "{", "}", "[", "]", "\"", "\\u", "\\ud800", ",", ":", "1e999", "-", "null", "\"a\":1,", "\u{FEFF}",
        ]
        var generator = SeededGenerator(seed: 8259)
        var accepted = 0
        for round in 0..<6000 {
            let bytes = generator.mutated(seeds[round % seeds.count], words: words.map { Array($0.utf8) })
            guard let value = try? JSON.parse(bytes) else { continue }
            accepted += 1
            #expect(try JSON.parse(value.bytes) == value)
        }
        #expect(accepted > 100)
    }

    @Test func everyPrefixIsRefused() {
        let text = Array(#"{"iss":"https://id.example/oidc","aud":["a",{"b":-1.5e3}],"x":"\ud83d\udc4b"}"#.utf8)
        for length in text.indices {
            #expect(throws: JSONError.self) { try JSON.parse(Array(text[..<length])) }
        }
    }
}
