import OpenIDConnect
import Testing

struct OpenIDConnectErrorTests {
    private let all: [OpenIDConnectError] = [
        .discoveryMalformed, .discoveryIssuerMismatch(expected: "https://a", found: "https://evil"),
        .discoveryMemberMissing("jwks_uri"), .endpointNotUsable(member: "token_endpoint", url: "evil"),
        .noUsableAlgorithm(offered: ["evil"]), .keySetMalformed, .keySetUnusable, .userInfoMalformed,
        .userInfoSubjectMismatch, .signInParameter(name: "first_screen", found: "evil", allowed: ["register"]),
        .responseMalformed, .responseParameterRepeated("code"), .stateMismatch, .responseIssuerMissing,
        .responseIssuerMismatch(found: "evil"), .responseWithoutCode, .tokenTooLarge, .tokenMalformed,
        .tokenHeaderMalformed,
        .tokenHeaderCritical, .tokenHeaderWithKey("jwk"), .algorithmNotAllowed("evil"), .tokenTypeNotAllowed("evil"),
        .unknownKey(kid: "evil"), .keyNotForAlgorithm(kid: "evil"), .signatureInvalid, .claimsMalformed,
        .issuerMismatch(found: "evil"), .audienceMismatch, .authorizedPartyMismatch, .expiryUnusable,
        .expired(at: now, now: now), .issuedAtUnusable, .issuedInTheFuture(at: now, now: now), .notBeforeUnusable,
        .notYetValid(before: now, now: now), .nonceMismatch, .subjectUnusable, .authenticationTimeUnusable,
        .authenticationTooOld(at: now, now: now), .accessTokenHashMismatch,
        .refreshedSubjectMismatch, .logoutTokenWithNonce, .logoutTokenWithoutEvent, .logoutTokenWithoutTarget,
        .logoutTokenWithoutID, .logoutTokenNameUnusable,
    ]

    @Test func eachRuleHasACodeOfItsOwn() {
        #expect(Set(all.map(\.code)).count == all.count)
        for error in all {
            #expect(error.code.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") })
        }
    }

    @Test func whatIsShownHasNothingOfAStranger() {
        for error in all { #expect(!"\(error)".contains("evil")) }
    }

    @Test func theLogSaysWhatWasFoundOnOneLine() {
        #expect(
            String(reflecting: OpenIDConnectError.issuerMismatch(found: "a\r\nb\u{2028}\u{202E}c"))
                == "id_token_issuer: the ID token is from another issuer (found \"abc\")"
        )
        #expect(String(reflecting: OpenIDConnectError.expired(at: now, now: now)).contains("1795242530"))
        let long = OpenIDConnectError.algorithmNotAllowed(String(repeating: "a", count: 60_000))
        #expect(String(reflecting: long).utf8.count < 400)
    }

    @Test func freshKeysCureTwoVerdicts() {
        #expect(all.filter(\.isWorthFetchingKeys) == [.unknownKey(kid: "evil"), .signatureInvalid])
    }
}
