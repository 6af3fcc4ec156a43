import Access
import TestSupport
import Testing

struct RouteTableTests {
    private static func found(
        _ target: String,
        in routes: [Route],
        host: String = "app.example.com"
    ) throws -> String? {
        let authority = try Authority(host, scheme: .https)
        return try RouteTable(routes).route(for: authority, "GET", try RequestTarget(target))?.path
    }

    private static func site() throws -> [Route] {
        try [
            .make("/"), .make("/public", access: .anyone), .make("/public/admin"), .make("/a/b"),
            .make("/日本", access: .optional),
            .make("/a%20b", access: .anyone), .make("/caf%C3%A9", access: .anyone),
        ]
    }

    @Test(arguments: [
        ("/", "/"), ("/x", "/"), ("/public", "/public"), ("/public/", "/public"), ("/public/x/y", "/public"),
        ("/publicx", "/"), ("/public-x", "/"),
        ("/public/admin", "/public/admin"), ("/public/admin/", "/public/admin"), ("/public/admin/x", "/public/admin"),
        ("/public/adminx", "/public"),
        ("/public/admi", "/public"), ("/a", "/"), ("/a/b", "/a/b"), ("/a/bc", "/"), ("/a/b?c", "/a/b"),
        ("/public?/admin", "/public"), ("/PUBLIC", "/"),
        ("/%70ublic", "/public"), ("/public/%61dmin", "/public/admin"), ("/日本", "/日本"),
        ("/%E6%97%A5%E6%9C%AC/x", "/日本"), ("/%e6%97%a5本", "/日本"),
        ("/日", "/"), ("/a%20b", "/a%20b"), ("/a%20b/c", "/a%20b"), ("/a%20bc", "/"), ("/caf\u{E9}", "/caf%C3%A9"),
        ("/cafe\u{301}", "/"),
        ("/caf%C3%A9/x", "/caf%C3%A9"), ("/public\u{301}", "/"), ("/public/\u{301}admin", "/public"),
        ("/public%C3%A9", "/"),
    ])
    func `the longest path wins, on whole segments and on bytes`(_ target: String, _ path: String) throws {
        #expect(try Self.found(target, in: Self.site()) == path)
    }

    @Test func `without a route for everything there may be none`() throws {
        let routes = try [Route.make("/app")]
        #expect(try Self.found("/", in: routes) == nil)
        #expect(try Self.found("/ap", in: routes) == nil)
        #expect(try Self.found("/application", in: routes) == nil)
        #expect(try Self.found("/app/x", in: routes) == "/app")
        #expect(try Self.found("/app", in: routes, host: "other.example.com") == nil)
    }

    @Test func `hosts are separate`() throws {
        let routes = try [
            Route.make("/", host: "a.example"), .make("/", host: "b.example", access: .anyone),
            .make("/x", host: "b.example:8443"),
        ]
        let table = try RouteTable(routes)
        let target = try RequestTarget("/x")
        #expect(try table.route(for: Authority("A.example", scheme: .https), "GET", target) === routes[0])
        #expect(try table.route(for: Authority("b.example:443", scheme: .https), "GET", target) === routes[1])
        #expect(try table.route(for: Authority("b.example:8443", scheme: .https), "GET", target) === routes[2])
        #expect(try table.route(for: Authority("b.example:8444", scheme: .https), "GET", target) == nil)
        #expect(table.serves(routes[0].authority))
        #expect(try table.serves(Authority("c.example", scheme: .https)) == false)
    }

    @Test func `two routes for one place stop the start`() throws {
        let routes = try [Route.make("/a", name: "one"), .make("/a/", name: "two")]
        #expect(throws: RouteTableError.duplicate("one", "two")) { try RouteTable(routes) }
        let spellings = try [Route.make("/日", name: "one"), .make("/%E6%97%A5", name: "two")]
        #expect(throws: RouteTableError.duplicate("one", "two")) { try RouteTable(spellings) }
        #expect(throws: RouteTableError.empty) { try RouteTable([]) }
    }

    /// "/" needs a session and "/public" does not.
    private static func halfOpen(_ path: String = "/public") throws -> [Route] {
        try [.make("/"), .make(path, access: .anyone, allowEncodedSlashes: true)]
    }

    @Test(arguments: [
        "//public", "//public/x", "/public%2Fx", "/public//..x/%2F", "/x//y", "//", "/public//x", "/public/a%2Fb",
        "/public/x.", "/x%3Fy", "/public/%3F", "/public/a%20/",
    ])
    func `a path that all servers read alike in what matters passes or is refused, never open by mistake`(
        _ target: String
    ) throws {
        let routes = try Self.halfOpen()
        let table = try RouteTable(routes)
        let route = try? table.route(for: routes[0].authority, "GET", try RequestTarget(target))
        if target.utf8.starts(with: "/public/".utf8) { #expect(route === routes[1]) }
        if target.utf8.starts(with: "//public".utf8) { #expect(route == nil) }
    }

    @Test(arguments: [
        // Merged, this is "/admin".
        "//admin", "///admin", "//admin/x", "/./admin", "/%2Fadmin", "/%2fadmin", "/x%2F..%2Fadmin",
        // Cut or trimmed, this is.
        "/admin%3Fx", "/admin%23x", "/admin%3F/x", "/admin.", "/admin%20", "/admin./x", "/admin%20/x", "/admin.%20.",
        "//admin.", "//admin%3F", "/admin%2F%2Fx.",
        "/admin%2Fx", "/admin%2F", "/admin%2f%2e",
    ])
    func `nobody slips past a protected path by a spelling that only the upstream understands`(_ target: String) throws
    {
        let routes = try [Route.make("/", access: .anyone, allowEncodedSlashes: true), .make("/admin")]
        let table = try RouteTable(routes)
        #expect(throws: RequestRefusal.self) {
            try table.route(for: routes[0].authority, "GET", try RequestTarget(target))
        }
    }

    @Test(arguments: [
        "//x", "/x//y", "/x%2Fy", "/x%3Fy", "/x.", "/x%20", "//x%2F%2F.y", "/administrator//x", "/x/admin//y",
        "/administrator%3F",
    ])
    func `an ambiguity that changes nothing passes`(_ target: String) throws {
        let routes = try [Route.make("/", access: .anyone, allowEncodedSlashes: true), .make("/admin")]
        #expect(try RouteTable(routes).route(for: routes[0].authority, "GET", try RequestTarget(target)) === routes[0])
    }

    @Test func `two routes of one policy are not ambiguous`() throws {
        let routes = try [Route.make("/"), .make("/admin")]
        #expect(try Self.found("//admin", in: routes) == "/")
        #expect(throws: RequestRefusal.ambiguousPath) { try Self.found("//admin", in: [routes[1]]) }
    }

    /// For a front that chooses the application by what was sent: "/a" and "/c" have one.
    @Test(arguments: [
        ("/%61/x", false), ("/a/%78", true), ("/%62/x", false), ("/b/x", true), ("//b/x", false), ("/b//x", true),
        ("/b/x.", true), ("/b./x", false), ("/x", true), ("/%78", true), ("/caf%C3%A9/%62", true),
        ("/caf%c3%a9", false), ("/c/x%2fy", true), ("/a%2fx", false), ("/b/x?/%61", true), ("/b/%20", true),
    ])
    func `each reading of a front leads to one application`(_ spelling: String, _ isOne: Bool) throws {
        let routes = try [
            Route.make("/", upstream: 0), .make("/a", access: .anyone, upstream: 1), .make("/b", upstream: 1),
            .make("/c", upstream: 1, allowEncodedSlashes: true), .make("/caf%C3%A9", upstream: 1),
        ]
        let hosts = try #require(try RouteTable(routes).routes(of: routes[0].authority))
        let target = try RequestTarget(spelling)
        #expect(((try? hosts.route(for: "GET", target, spelt: spelling)) != nil) == isOne)
    }

    @Test func `an encoded slash passes only where the route says so`() throws {
        let routes = try [
            Route.make("/"), .make("/files", allowEncodedSlashes: true),
            .make("/files/a%2Fb", allowEncodedSlashes: true),
        ]
        #expect(try Self.found("/files/x%2Fy", in: routes) == "/files")
        #expect(try Self.found("/files/a%2fb/c", in: routes) == "/files/a%2Fb")
        #expect(try Self.found("/files/a/b", in: routes) == "/files")
        #expect(throws: RequestRefusal.encodedSlash) { try Self.found("/x%2Fy", in: routes) }
        #expect(throws: RequestRefusal.encodedSlash) { try Self.found("/files%2Fx", in: routes) }
        #expect(throws: RequestRefusal.encodedSlash) { try Self.found("/x%2Fy", in: [try .make("/app")]) }
    }

    @Test func `a thousand routes are told apart`() throws {
        let routes = try (0..<1000).map { try Route.make("/section\($0 % 50)/page\($0)/x") } + [try .make("/")]
        let table = try RouteTable(routes)
        for (index, route) in routes.dropLast().enumerated() {
            let target = try RequestTarget("/section\(index % 50)/page\(index)/x/more?q")
            #expect(try table.route(for: route.authority, "GET", target) === route)
            let above = try RequestTarget("/section\(index % 50)/page\(index)")
            #expect(try table.route(for: route.authority, "GET", above) === routes[1000])
        }
    }

    @Test func `the table finds what a plain search finds`() throws {
        var generator = SeededGenerator(seed: 3)
        let alphabet = ["a", "b", "ab", "%20a", "é"]
        func path(_ depth: Int) -> String {
            let names = (0..<depth).map { _ in alphabet.randomElement(using: &generator) ?? "" }
            return "/" + names.joined(separator: "/")
        }
        let paths = Set((0..<40).map { _ in path(Int.random(in: 0...4, using: &generator)) }.map { Array($0.utf8) })
        let routes = try paths.map { try Route.make(String(decoding: $0, as: UTF8.self)) }
        let table = try RouteTable(routes)
        for _ in 0..<2000 {
            let text = path(Int.random(in: 0...6, using: &generator))
            let wanted = routes.filter { route in
                route.path == "/" || text.utf8.elementsEqual(route.path.utf8)
                    || text.utf8.starts(with: (route.path + "/").utf8)
            }.max { $0.path.utf8.count < $1.path.utf8.count }
            #expect(try table.route(for: routes[0].authority, "GET", try RequestTarget(text)) === wanted)
        }
    }

    @Test func `of several routes with one path the method decides`() throws {
        let routes = [
            try Route.make("/api", name: "rest"), try Route.make("/api", methods: ["GET"], name: "reading"),
            try Route.make("/api", methods: ["PUT", "POST"], name: "writing"), try Route.make("/", name: "root"),
        ]
        let table = try RouteTable(routes)
        let names = [
            ("GET", "reading"), ("HEAD", "reading"), ("POST", "writing"), ("PUT", "writing"), ("DELETE", "rest"),
            ("get", "rest"), ("OPTIONS", "rest"),
        ]
        for (method, name) in names {
            let route = try table.route(for: routes[0].authority, method, try RequestTarget("/api/x"))
            #expect(route?.name == name, "\(method)")
        }
    }

    @Test func `a path for other methods is nobody else's`() throws {
        let routes = [try Route.make("/api", methods: ["GET"]), try Route.make("/", access: .anyone)]
        let table = try RouteTable(routes)
        #expect(throws: RequestRefusal.methodNotRouted) {
            try table.route(for: routes[0].authority, "POST", try RequestTarget("/api/x"))
        }
        #expect(throws: RequestRefusal.self) {
            try table.route(for: routes[0].authority, "POST", try RequestTarget("//api/x"))
        }
        #expect(try table.route(for: routes[0].authority, "POST", try RequestTarget("/other")) === routes[1])
    }

    @Test func `two routes for one path and method are refused`() throws {
        for (first, second) in [(["GET"], ["POST", "GET"]), (["GET"], ["HEAD"]), ([], [])] {
            let routes = [
                try Route.make("/a", methods: first, name: "one"), try Route.make("/a", methods: second, name: "two"),
            ]
            #expect(throws: RouteTableError.duplicate("one", "two")) { try RouteTable(routes) }
        }
    }
}
