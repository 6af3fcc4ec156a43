import LogtoStandIn
import Testing

@Suite struct FormTests {
    @Test func fieldsSurviveTheRoundTrip() {
        var form = Form()
        form.append("a b", "c&d=e+f%")
        form.append("名", "é\r\n")
        #expect(form.encoded == "a+b=c%26d%3De%2Bf%25&%E5%90%8D=%C3%A9%0D%0A")
        #expect(Form(encoded: form.encoded.utf8) == form)
    }

    @Test func anEmptyValueCountsAsAbsent() {
        let form = Form(encoded: "a=&b&c=1".utf8)
        #expect(form["a"] == nil)
        #expect(form["b"] == nil)
        #expect(form["c"] == "1")
    }

    @Test func brokenEscapesStandForThemselves() {
        #expect(Form(encoded: "a=%zz%4".utf8)["a"] == "%zz%4")
    }
}
