import OpenIDConnect
import Testing

struct AcceptLanguageTests {
    @Test(arguments: [
        ("ja", ["ja"]), ("en-GB,en;q=0.9,zh-CN;q=0.95", ["en-GB", "zh-CN", "en"]), ("", []), ("*", []),
        ("de;q=0,fr", ["fr"]), ("de;q=0.000,fr;q=0.001", ["fr"]), ("a b,en ; q=0.5 , ja", ["ja", "en"]),
        ("en;q=2,fr;q=1.001,it;q=x,es;q=,nl", ["nl"]), ("en,en,EN", ["en", "EN"]), ("en;q=0.5;x=1,de", ["de"]),
        ("\"><script>,de", ["de"]), ("a,b,c,d,e,f,g", ["a", "b", "c", "d", "e"]),
        ("en;Q=0.5,de;q=1.000", ["de", "en"]),
    ])
    func wishesAreTagsTheBestFirst(_ field: String, _ tags: [String]) {
        #expect(AcceptLanguage.tags(in: field) == tags)
    }

    @Test func aFieldBeyondReasonIsNoWish() {
        #expect(AcceptLanguage.tags(in: "en," + String(repeating: "x", count: 1000)) == [])
    }
}
