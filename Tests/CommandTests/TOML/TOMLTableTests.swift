import Command
import Testing

struct TOMLTableTests {
    @Test(arguments: [
        ("[a.b]\n[a]", "{a: {b: {}}}"), ("[a]\n[a.b]", "{a: {b: {}}}"),
        ("[a.b]\nx=1\n[a]\ny=2", "{a: {b: {x: 1}, y: 2}}"),
        ("[a]\nb.c=1\nb.d=2", "{a: {b: {c: 1, d: 2}}}"), ("[a]\nb.c=1\n[a.b.d]", "{a: {b: {c: 1, d: {}}}}"),
        ("[[a]]\n[a.b]\n[[a]]\n[a.b]", "{a: [{b: {}}, {b: {}}]}"), ("[[a]]\n[[a.b]]\n[[a.b]]", "{a: [{b: [{}, {}]}]}"),
        ("[a.b.c]\n[a]\nb.x=1", "{a: {b: {c: {}, x: 1}}}"),
    ])
    func tablesMayBeAddedTo(_ text: String, _ shape: String) throws {
        #expect(try TOML.shape(text) == shape)
    }

    @Test(arguments: [
        "a = 1\na = 2", "a = 1\n\"a\" = 2", "[a]\n[a]", "[a]\nb = 1\n[a.b]", "a.b = 1\n[a]", "[[a]]\n[a]", "[a]\n[[a]]",
        "a = []\n[[a]]",
        "a = {}\n[a.b]", "a = {}\na.b = 1", "a = 1\na.b = 1", "[a.b]\n[a]\nb.c = 1", "[[a]]\na.b = 1\na.b = 2",
        "a.b = 1\na = 2",
        "[a.b.c]\n[a]\nb.x=1\n[a.b]", "a = [{}]\n[a.b]",
    ])
    func nothingIsThereTwice(_ text: String) {
        #expect(TOML.mistake(text) != nil)
    }

    @Test func theSecondIsTheMistake() {
        #expect(TOML.mistake("[a]\nb = 1\n\nb = 2\n") == TOMLError(line: 4, message: "b is there already"))
        #expect(TOML.mistake("[a]\n[\"a\"]\n") == TOMLError(line: 2, message: "a is there already"))
    }

    @Test func keysAreComparedByTheirBytes() throws {
        #expect(try TOML.members("\"\u{e9}\" = 1\n\"e\u{301}\" = 2\n").count == 2)
    }
}
