import Access
import Testing

struct AccessRequestTests {
    private static func isNavigation(
        method: String = "GET",
        mode: String? = nil,
        dest: String? = nil,
        accept: String? = nil,
        hasUpgrade: Bool = false,
        xRequestedWith: String? = nil,
        purpose: String? = nil
    ) -> Bool {
        AccessRequest.isNavigation(
            method: method,
            secFetchMode: mode,
            secFetchDest: dest,
            accept: accept,
            hasUpgrade: hasUpgrade,
            xRequestedWith: xRequestedWith,
            purpose: purpose
        )
    }

    @Test(arguments: [("GET", "document"), ("HEAD", "document"), ("GET", "iframe"), ("GET", "frame")])
    func `a browser on its way to a page navigates`(_ method: String, _ dest: String) {
        #expect(Self.isNavigation(method: method, mode: "navigate", dest: dest, accept: "*/*"))
        #expect(Self.isNavigation(method: method, mode: "navigate"))
    }

    @Test(arguments: [
        ("cors", "empty"), ("no-cors", "image"), ("no-cors", "script"), ("same-origin", "empty"),
        ("websocket", "empty"), ("navigate", "object"),
        ("navigate", "embed"), ("navigate", "empty"), ("Navigate", "document"), ("navigate ", "document"),
        ("", "document"), ("navigate", ""),
        ("navigate", "Document"), ("navigate", "document, document"), ("no-cors", "document"),
        ("navigate\u{301}", "document"),
    ])
    func `what Fetch Metadata does not call a navigation is none, whatever it accepts`(_ mode: String, _ dest: String) {
        #expect(Self.isNavigation(mode: mode, dest: dest, accept: "text/html") == false)
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "", "GET ", "CONNECT", "TRACE", "PROPFIND"])
    func `only GET and HEAD navigate`(_ method: String) {
        #expect(Self.isNavigation(method: method, mode: "navigate", dest: "document", accept: "text/html") == false)
    }

    @Test(arguments: [
        "text/html", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "TEXT/HTML",
        "application/json, text/html;q=0.1",
        "text/html;level=1", "application/xhtml+xml", " text/html ;q=0.001", "text/html;q=1",
    ])
    func `an older browser says that it wants HTML`(_ accept: String) {
        #expect(Self.isNavigation(accept: accept))
    }

    @Test(arguments: [
        "*/*", "", "text/*", "application/json", "application/json, */*", "text/html;q=0", "text/html;q=0.000",
        "text/html ; Q=0", "text/htmlx", "xtext/html",
        "text/plain;a=text/html", "text", "image/webp,image/*,*/*;q=0.8", "text/event-stream", "text/html+xml",
    ])
    func `what does not ask for HTML itself is a program`(_ accept: String) {
        #expect(Self.isNavigation(accept: accept) == false)
    }

    @Test func `nothing said is a program`() {
        #expect(Self.isNavigation() == false)
    }

    @Test func `an upgrade, a script and a prefetch are no navigation`() {
        #expect(Self.isNavigation(mode: "navigate", dest: "document", hasUpgrade: true) == false)
        #expect(Self.isNavigation(accept: "text/html", hasUpgrade: true) == false)
        #expect(Self.isNavigation(accept: "text/html", xRequestedWith: "XMLHttpRequest") == false)
        #expect(Self.isNavigation(mode: "navigate", dest: "document", purpose: "prefetch") == false)
        #expect(Self.isNavigation(mode: "navigate", dest: "document", purpose: "prefetch;prerender") == false)
        #expect(Self.isNavigation(mode: "navigate", dest: "document", purpose: ""))
    }
}
