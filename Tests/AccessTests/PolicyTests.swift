import Access
import Testing

struct PolicyTests {
    @Test func `the words of the configuration are these three`() {
        #expect(Access.allCases.map(\.rawValue) == ["signed-in", "optional", "anyone"])
        #expect(Access(rawValue: "Signed-in") == nil)
        #expect(Access(rawValue: "") == nil)
        #expect(Access(rawValue: "anyone\u{301}") == nil)
    }

    @Test(arguments: [
        ("/admin/x", Access.signedIn), ("/admin", .anyone), ("/", .anyone), ("/x/admin/", .anyone),
        ("/%61dmin/x", .signedIn), ("/a/../admin/x", .anyone), ("/admin/x?y=/", .signedIn), ("/?/admin/x", .anyone),
        // What others could read as one of the pages is one.
        ("//admin/x", .signedIn), ("/admin%2Fx", .signedIn), ("/admin./x", .signedIn), ("/admin//", .signedIn),
    ])
    func `a policy for pages is about these, in every reading`(_ text: String, _ access: Access) throws {
        guard let target = try? RequestTarget(text) else { return }
        let policy = Policy(access: .signedIn, pages: [try PageRule("^/admin/")])
        #expect(policy.access(to: target) == access)
        #expect(Policy(access: .signedIn).access(to: target) == .signedIn)
    }

    @Test func `a rule by what a path does not end with is not got around`() throws {
        let policy = Policy(access: .signedIn, pages: [try PageRule(#"^(?!.*\.jpg$).*$"#)])
        for text in ["/secret", "/secret?.jpg", "/secret/.jpg/", "/secret%3F.jpg", "/secret%23.jpg", "/secret.jpg."] {
            let target = try RequestTarget(text)
            #expect(policy.access(to: target) == .signedIn, "\(text)")
        }
        #expect(policy.access(to: try RequestTarget("/a.jpg")) == .anyone)
        #expect(policy.access(to: try RequestTarget("/a.jp%67")) == .anyone)
    }
}
