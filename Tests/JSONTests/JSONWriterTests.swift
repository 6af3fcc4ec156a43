import JSON
import Testing

struct JSONWriterTests {
    private func text(_ value: JSON) -> String {
        String(decoding: value.bytes, as: UTF8.self)
    }

    @Test func aValueIsWrittenWithoutWhiteSpace() {
        #expect(
            text(["a": [1, -2, true, false, nil, "x"], "b": [:], "c": []])
                == #"{"a":[1,-2,true,false,null,"x"],"b":{},"c":[]}"#
        )
    }

    @Test func whatCouldEndAScriptElementIsEscaped() {
        let written = text(["</script><!--": "&\u{2028}\u{2029}"])
        #expect(written == #"{"\u003c/script\u003e\u003c!--":"\u0026\u2028\u2029"}"#)
    }

    @Test func controlCharactersAreEscaped() {
        #expect(text("\u{0}\u{1}\u{1F}\u{7F}\n\r\t\"\\") == #""\u0000\u0001\u001f\u007f\n\r\t\"\\""#)
        #expect(text("\r\n") == #""\r\n""#)
    }

    @Test func otherTextIsWrittenAsItIs() {
        #expect(text("Grüße 👋🏽 e\u{301}/'") == "\"Grüße 👋🏽 e\u{301}/'\"")
    }

    @Test func aNumberIsWrittenAsItWasRead() throws {
        #expect(text(try JSON.parse(Array("[10.00e2,-0]".utf8))) == "[10.00e2,-0]")
    }

    @Test func aValueCanBeAppended() {
        var buffer = Array("x=".utf8)
        (["a": 1] as JSON).append(to: &buffer)
        #expect(buffer == Array(#"x={"a":1}"#.utf8))
    }

    @Test func everyScalarComesBack() throws {
        var text = ""
        for value in UInt32(0)...0x10FFFF where value < 0x3000 || value % 0x101 == 0 {
            if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
        }
        #expect(try JSON.parse(JSON.string(text).bytes) == .string(text))
    }
}
