import Access
import TestSupport
import Testing

struct RouteTests {
    @Test(arguments: [
        ("/", "/"), ("/admin", "/admin"), ("/admin/", "/admin"), ("/a/b", "/a/b"), ("/a%20b/", "/a%20b"),
        ("/日本/", "/日本"),
    ])
    func `a path loses the slash at its end`(_ path: String, _ kept: String) throws {
        #expect(try Route.make(path).path == kept)
    }

    @Test func `a slash after a character that joins it is a slash`() throws {
        // U+0600 and the slash behind it are one Character to Swift.
        #expect(try Route.make("/\u{600}/").path.utf8.elementsEqual("/\u{600}".utf8))
    }

    @Test(arguments: [
        ("/%61dmin", RouteTableError.pathNotCanonical("/%61dmin", canonical: "/admin")),
        ("/%e6%97%a5", .pathNotCanonical("/%e6%97%a5", canonical: "/%E6%97%A5")), ("/a?b", .pathWithQuery("/a?b")),
        ("/a?", .pathWithQuery("/a?")),
        ("", .path("", .emptyTarget)), ("admin", .path("admin", .targetForm)),
        ("/a/../b", .path("/a/../b", .dotSegment)), ("/a b", .path("/a b", .controlByte)),
        ("/a#", .path("/a#", .fragment)), ("/a//b", .path("/a//b", .ambiguousPath)),
        ("//", .path("//", .ambiguousPath)), ("/a%2Fb", .path("/a%2Fb", .encodedSlash)),
        ("/a.", .path("/a.", .ambiguousPath)), ("/a%3F", .path("/a%3F", .ambiguousPath)),
        ("/a;b", .path("/a;b", .pathParameter)),
    ])
    func `a path that would cover nothing, or not what it seems to, stops the start`(
        _ path: String,
        _ error: RouteTableError
    ) {
        #expect(throws: error) { try Route.make(path) }
    }

    @Test func `an error says what to write instead`() {
        let error = RouteTableError.pathNotCanonical("/%61", canonical: "/a")
        #expect(error.description == #"write the path "/%61" as "/a""#)
        #expect(RouteTableError.path("/a b", .controlByte).description.contains("control-byte"))
    }
}
