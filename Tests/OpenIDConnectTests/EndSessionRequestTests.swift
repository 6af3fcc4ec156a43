import JSON
import OpenIDConnect
import Testing

struct EndSessionRequestTests {
    @Test func aSignOutSaysWhoWhereAndWhat() throws {
        let request = try #require(
            EndSessionRequest(
                provider: provider(),
                clientID: "gatehouse",
                idTokenHint: "eyJ.eyJ.c2ln",
                postLogoutRedirectURI: "https://app.example.com/_gatehouse/signed-out",
                state: "bye"
            )
        )
        #expect(
            request.url == "https://auth.example.com/oidc/session/end?client_id=gatehouse&id_token_hint=eyJ.eyJ.c2ln"
                + "&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2F_gatehouse%2Fsigned-out&state=bye"
        )
        #expect("\(request)" == "(end-session request)")
    }

    @Test func theClientIsAlwaysNamed() throws {
        let request = try #require(EndSessionRequest(provider: provider(), clientID: "gatehouse"))
        #expect(request.url == "https://auth.example.com/oidc/session/end?client_id=gatehouse")
    }

    @Test func aHintTooLongForAURLIsLeftOut() throws {
        let longest = String(repeating: "a", count: 2_048)
        let kept = try #require(EndSessionRequest(provider: provider(), clientID: "g", idTokenHint: longest))
        #expect(kept.url.contains(longest))
        let dropped = try #require(EndSessionRequest(provider: provider(), clientID: "g", idTokenHint: longest + "a"))
        #expect(!dropped.url.contains("id_token_hint"))
    }

    @Test func stateNeedsSomewhereToComeBackTo() throws {
        let request = try #require(EndSessionRequest(provider: provider(), clientID: "g", state: "bye"))
        #expect(!request.url.contains("state"))
    }

    @Test func anOPWithoutTheEndpointHasNoRequest() throws {
        #expect(try EndSessionRequest(provider: provider(["end_session_endpoint": nil]), clientID: "g") == nil)
    }
}
