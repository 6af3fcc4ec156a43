import Access
import Gateway
import Testing

struct ExtAuthzTests {
    private func request(
        _ target: String = "/a?b",
        method: String = "DELETE",
        host: String = "app.example.com",
        _ fields: [(String, String)] = [("x-forwarded-proto", "https")]
    ) throws -> OriginalRequest {
        try ExtAuthz.request(target, method: method, host: host, from: .make(fields), scheme: .https)
    }

    @Test func theCheckIsTheRequest() throws {
        let request = try self.request()
        #expect(request.method == "DELETE")
        #expect(request.authority.text == "app.example.com")
        #expect(request.target.text == "/a?b")
    }

    @Test func theSchemeMustBeSaid() {
        #expect(refusal { _ = try self.request(saying: []) } == "missing")
        #expect(refusal { _ = try self.request(saying: [("x-forwarded-proto", "http")]) } == "wrongScheme")
    }

    @Test(arguments: ["/../a", "/a/..", "/%2e%2e/", "/a;b", "/\\a"])
    func theTargetIsReadStrictly(_ target: String) {
        #expect(refusal { _ = try self.request(target) } == "malformed")
    }

    private func request(saying fields: [(String, String)]) throws -> OriginalRequest {
        try self.request("/a", method: "GET", host: "app.example.com", fields)
    }
}
