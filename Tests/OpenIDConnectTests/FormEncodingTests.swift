import OpenIDConnect
import Testing

struct FormEncodingTests {
    @Test func theExampleOfRFC6749AppendixBIsEncoded() {
        #expect(FormEncoding.encode(" %&+\u{A3}\u{20AC}") == "+%25%26%2B%C2%A3%E2%82%AC")
    }

    @Test func lettersDigitsAndFourMarksStay() {
        #expect(FormEncoding.encode("azAZ09*-._") == "azAZ09*-._")
        #expect(
            FormEncoding.encode("~/:?#[]@!$'(),;=\"\r\n\0")
                == "%7E%2F%3A%3F%23%5B%5D%40%21%24%27%28%29%2C%3B%3D%22%0D%0A%00"
        )
    }

    @Test func namesAndValuesAreJoinedInTheirOrder() {
        #expect(FormEncoding.encode([("b", "1 2"), ("a&", "=")]) == "b=1+2&a%26=%3D")
        #expect(FormEncoding.encode([(String, String)]()) == "")
    }

    @Test func whatWasEncodedIsDecoded() {
        let all = (0...255).map(UInt8.init)
        let text = FormEncoding.encode(all) + "=" + FormEncoding.encode(all)
        #expect(FormEncoding.decode(Array(text.utf8)) == [FormField(name: all, value: all)])
    }

    @Test(
        arguments: [
            ("a=1&b=2", ["a=1", "b=2"]), ("a", ["a="]), ("a=", ["a="]), ("=a", ["=a"]), ("a=b=c", ["a=b=c"]),
            ("&&a=1&&", ["a=1"]), ("", []), ("a=%41%2b+%2B", ["a=A+ +"]), ("a=1;b=2", ["a=1;b=2"]),
        ]
    )
    func fieldsAreReadAsFormsAre(query: String, expected: [String]) {
        let found = FormEncoding.decode(Array(query.utf8))?.map { $0.name + [UInt8(ascii: "=")] + $0.value }
        #expect(found == expected.map { Array($0.utf8) })
    }

    @Test(arguments: ["a=%", "a=%4", "a=%4g", "a=%zz", "%=1", "a=%%41", "a=%+1", "a=% 41"])
    func aBrokenEscapeIsRefused(query: String) {
        #expect(FormEncoding.decode(Array(query.utf8)) == nil)
    }

    @Test func noBytesBreakTheReader() {
        var chance = SeededGenerator(seed: 1)
        let seed = Array("code=x1848&state=ZWVl%2F+1&iss=https%3A%2F%2Fa.example&a".utf8)
        for _ in 0..<3_000 {
            let bytes = chance.mutate(seed)
            guard let fields = FormEncoding.decode(bytes) else { continue }
            // What was read and is written again reads the same.
            let again = fields.map { FormEncoding.encode($0.name) + "=" + FormEncoding.encode($0.value) }
            #expect(FormEncoding.decode(Array(again.joined(separator: "&").utf8)) == fields)
        }
    }
}
