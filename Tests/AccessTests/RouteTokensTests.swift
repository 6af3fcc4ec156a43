import Access
import JSON
import Testing

struct RouteTokensTests {
    @Test(arguments: [
        (#"{"aud":"https://api"}"#, true, false, false), (#"{"aud":["x","https://api"]}"#, true, false, false),
        (#"{"aud":"https://api","organization_id":"o"}"#, false, true, false),
        (#"{"aud":"https://api","organization_id":"p"}"#, false, false, false),
        (#"{"aud":"urn:logto:organization:o"}"#, false, false, true), (#"{"aud":"https://api/"}"#, false, false, false),
        (#"{"aud":7}"#, false, false, false), ("{}", false, false, false),
    ])
    func `a token is of the kind that its audience and organization say`(
        _ text: String,
        _ isPlain: Bool,
        _ isWithin: Bool,
        _ isOrganization: Bool
    ) throws {
        let claims = try JSON.parse(Array(text.utf8))
        #expect(UpstreamToken.obtained(resource: "https://api", organization: nil).isKind(of: claims) == isPlain)
        #expect(
            UpstreamToken.obtained(resource: "https://api", organization: .fixed("o")).isKind(of: claims) == isWithin
        )
        #expect(UpstreamToken.obtained(resource: nil, organization: .fixed("o")).isKind(of: claims) == isOrganization)
        #expect(!UpstreamToken.idToken.isKind(of: claims))
        #expect(!UpstreamToken.obtained(resource: nil, organization: .only).isKind(of: claims))
    }
}
