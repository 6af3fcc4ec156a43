import Access
import Gateway
import NIOHTTP1
import Testing

struct CheckRefusalTests {
    private static let all: [CheckRefusal] = [
        .untrustedPeer("192.0.2.1"), .otherListener, .missing(.originalURI), .doubled(.originalMethod),
        .contradictory(.forwardedHost), .malformed(nil, "dot-segment"), .wrongScheme(found: .http, configured: .https),
        .tunnelOrMirror, .foldedName("X_Forwarded_User"), .ownEndpoint, .unremovedName("X-Auth-Anything"),
    ]

    @Test func eachNamesWhatToChange() {
        let advice = [
            "server.trusted_proxies", "check.listen", "X-Original-URI", "X-Original-Method", "X-Forwarded-Host",
            "dot-segment", "public_url", "front proxy", "X_Forwarded_User", "paths.prefix",
            "X-Auth-Anything",
        ]
        for (refusal, word) in zip(Self.all, advice) { #expect(refusal.fault.detail?.contains(word) == true) }
    }

    @Test func noneIsTakenForAChallenge() {
        for refusal in Self.all {
            #expect([.badRequest, .forbidden, .methodNotAllowed].contains(refusal.status))
        }
    }

    @Test func aLongNameIsCut() {
        let refusal = CheckRefusal.foldedName("X_User_" + String(repeating: "x", count: 9000))
        #expect(refusal.advice.utf8.count < 200)
    }
}
