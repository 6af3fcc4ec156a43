import Access
import Testing

struct PageRuleTests {
    @Test(arguments: [
        // Those of Logto's documentation.
        (#"^/(admin|privacy)/.*"#, ["/admin/", "/admin/x", "/privacy/a/b"], ["/", "/admin", "/x/admin/", "/Admin/x"]),
        (#"^(?!.*\.jpg$).*$"#, ["/", "/a.jpgx", "/a.jpg/b", "/jpg"], ["/a.jpg", "/x/y.jpg", "/.jpg"]),
        // Found anywhere, unless it says where.
        ("admin", ["/admin", "/x/admin.php"], ["/", "/adm"]), ("^/a$", ["/a"], ["/a/", "/b/a"]),
        ("a$", ["/a"], ["/ab"]),
        (#"^\/private\/"#, ["/private/x"], ["/private"]), ("^", ["/", "/x"], []), ("$", ["/"], []),
        ("^/(?:en|de)/", ["/en/x", "/de/"], ["/fr/"]), ("^/(?=a).*z", ["/az", "/abz"], ["/bz", "/ab"]),
        (
            #"^/(?!public/|assets/|robots\.txt$)"#, ["/", "/x", "/robots.txt.bak"],
            ["/public/x", "/assets/", "/robots.txt"]
        ),
        (#"^/(?!(?=a)ab)"#, ["/ac", "/b"], ["/ab", "/abc"]), (#"(?!x)*"#, [], []),
        ("^/a.*?b$", ["/ab", "/axb"], ["/a"]), (#"^/\D+$"#, ["/ab"], ["/a1"]),
        (#"^/[^/]+/edit$"#, ["/1/edit"], ["/1/2/edit"]),
        ("((?!a).)*$", ["/b"], []), ("^(?:/(?!a)[^/]*)*$", ["/b/c", "/"], ["/b/a", "/a"]), ("日本", ["/日本語"], ["/日"]),
        ("^/x|^/y", ["/x1", "/y"], ["/z/x"]), ("^(?!/open).", ["/close"], ["/open", "/opener"]),
    ])
    func `it is found as in JavaScript`(_ text: String, _ pages: [String], _ others: [String]) throws {
        guard let rule = try? PageRule(text) else {
            #expect(pages.isEmpty && others.isEmpty, "\(text) was refused")
            return
        }
        for path in pages { #expect(rule.matches(Array(path.utf8)), "\(path)") }
        for path in others { #expect(!rule.matches(Array(path.utf8)), "\(path)") }
    }

    @Test(arguments: [
        ("", 0), ("^*", 2), ("$+", 2), ("(?=a)+", 6), ("(?<=a)b", 1), ("(?<!a)b", 1), ("(?<name>a)", 1), ("(?i)a", 1),
        (#"(a)\1"#, 4), (#"\bx"#, 1), ("a**", 2), ("(a", 2), ("[a", 2), (#"[\D]"#, 2), ("a{2000}", 5), ("(?!", 3),
    ])
    func `what it does not understand is refused with its place`(_ text: String, _ position: Int) {
        do {
            _ = try PageRule(text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.position == position, "\(error)")
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `what makes others try for ever takes as long as the path is`() throws {
        let path = Array(("/" + String(repeating: "a", count: PageRule.longestPath - 2) + "!").utf8)
        for text in [
            "^/(a+)+$", "^/(a*)*$", "^/(a|a)*$", "(.*)(.*)(.*)(.*)(.*)x", "^(?!/(a+)+$)x", "((?=a)a*)*$x",
            "^(?:(?!(a*)*b).)*c",
        ] {
            let started = ContinuousClock.now
            #expect(try !PageRule(text).matches(path), "\(text)")
            #expect(ContinuousClock.now - started < .seconds(2), "\(text)")
        }
    }

    @Test func `a path that is too long is a page`() throws {
        let rule = try PageRule("^/never$")
        #expect(rule.matches([UInt8](repeating: UInt8(ascii: "a"), count: PageRule.longestPath + 1)))
        #expect(!rule.matches([UInt8](repeating: UInt8(ascii: "a"), count: PageRule.longestPath)))
    }
}
