import Command
import Testing

struct KeyLocatorTests {
    /// The line of a path such as `route.1.path`, where numbers are items.
    private func line(_ path: String, in text: String) -> Int? {
        let steps = path.split(separator: ".").map { part in
            Int(part).map { KeyLocator.Step.item($0) } ?? .key(String(part))
        }
        return KeyLocator(Array(text.utf8)).line(of: steps)
    }

    @Test func keysAreFoundInTheirTables() {
        let text = "[server]\nlisten = \"a\"\n\n[admin]\nlisten = \"b\"\n"
        #expect(self.line("server", in: text) == 1)
        #expect(self.line("server.listen", in: text) == 2)
        #expect(self.line("admin.listen", in: text) == 5)
    }

    @Test func aKeyThatIsNotThereIsLookedForAtItsTable() {
        let text = "# first\n[server]\nlisten = 1\n"
        #expect(self.line("server.public_url", in: text) == 2)
        #expect(self.line("provider.issuer", in: text) == nil)
        #expect(self.line("", in: text) == nil)
    }

    @Test func commentsHoldNoKeys() {
        let text = "# [server]\n# listen = 1\n[server] # [admin]\n#listen = 2\nlisten = 3 # listen = 4\n"
        #expect(self.line("server", in: text) == 3)
        #expect(self.line("server.listen", in: text) == 5)
        #expect(self.line("admin", in: text) == nil)
    }

    @Test func stringsHoldNoKeys() {
        let text = """
            [a]
            x = "\\"\\n[b]"
            y = 'c:\\'
            z = \"""
            [b]
            key = 1 \\
            \\\""" ""\"""
            w = '''
            key = 2
            # ''''
            key = 3
            """
        #expect(self.line("b", in: text) == nil)
        #expect(self.line("a.w", in: text) == 8)
        #expect(self.line("a.key", in: text) == 11)
    }

    @Test func keysMayBeQuoted() {
        let text = "[\"ser\\u0076er\"]\n'listen' = 1\n\"a.b\" = 2\n\"a b\".'c' = 3\n"
        #expect(self.line("server.listen", in: text) == 2)
        let locator = KeyLocator(Array(text.utf8))
        #expect(locator.line(of: [.key("server"), .key("a.b")]) == 3)
        #expect(locator.line(of: [.key("server"), .key("a b"), .key("c")]) == 4)
    }

    @Test func keysMayHaveDots() {
        let text = "server.listen = 1\nserver . public_url = 2\n[a.b]\nc.d = 1\n[ a . \"e\" ]\n"
        #expect(self.line("server", in: text) == 1)
        #expect(self.line("server.public_url", in: text) == 2)
        #expect(self.line("a.b.c.d", in: text) == 4)
        #expect(self.line("a.e", in: text) == 5)
    }

    @Test func inlineTablesAndListsAreLookedInto() {
        let text = """
            server = { listen = "}", public_url = 1 }
            list = [
              1, # one ]
              "]",
              [ 2 ],
            ]
            route = [
              { path = "/" },
              { path = "/a",
                upstream = 1 },
            ]
            """
        #expect(self.line("server.public_url", in: text) == 1)
        #expect(self.line("list.1", in: text) == 4)
        #expect(self.line("list.2", in: text) == 5)
        #expect(self.line("route", in: text) == 7)
        #expect(self.line("route.0.path", in: text) == 8)
        #expect(self.line("route.1.upstream", in: text) == 10)
    }

    @Test func eachTableOfAListIsItsOwn() {
        let text = "[[route]]\npath = 1\n[route.policy]\nx = 1\n[[ route ]]\npath = 2\n[route.policy]\nx = 2\n"
        #expect(self.line("route.0.path", in: text) == 2)
        #expect(self.line("route.0.policy.x", in: text) == 4)
        #expect(self.line("route.1", in: text) == 5)
        #expect(self.line("route.1.path", in: text) == 6)
        #expect(self.line("route.1.policy.x", in: text) == 8)
        #expect(self.line("route.2.path", in: text) == 1)
    }

    @Test func lineEndsMayHaveACarriageReturnAndTextsAMark() {
        let text = "\u{FEFF}[server]\r\nlisten = '''\r\n\r\n'''\r\npublic_url = 1\r\n"
        #expect(self.line("server", in: text) == 1)
        #expect(self.line("server.public_url", in: text) == 5)
    }

    @Test func anEscapedNULIsNoticed() {
        #expect(KeyLocator(Array("a = 1\nb = \"x\\u0000\"\n".utf8)).lineOfNUL == 2)
        #expect(KeyLocator(Array("\"\\U00000000\" = 1\n".utf8)).lineOfNUL == 1)
        #expect(KeyLocator(Array("a = '\\u0000' # \"\\u0000\"\nb = \"\\\\u0000\"\n".utf8)).lineOfNUL == nil)
    }

    @Test func anyTextComesToAnEnd() {
        let pieces = ["[", "]", "{", "}", "=", ",", ".", "\"", "'", "\"\"\"", "'''", "\\", "#", "\n", "a", " ", "\\u00", "é"]
        var random = SeededGenerator(seed: 1)
        for _ in 0..<3_000 {
            let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
            let locator = KeyLocator(Array(text.joined().utf8))
            #expect(locator.line(of: [.key("a")]) ?? 1 >= 1)
        }
        for bracket in ["[", "{", "[{a=", "{a="] {
            _ = KeyLocator(Array(("a = " + String(repeating: bracket, count: 100_000)).utf8))
        }
        _ = KeyLocator(Array((String(repeating: "a.", count: 100_000) + "a = 1").utf8))
    }
}
