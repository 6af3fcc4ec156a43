import Gateway
import Testing

struct OriginalFieldsTests {
    @Test(arguments: OriginalFields.Name.allCases)
    func eachNameIsFoundInEveryCase(_ name: OriginalFields.Name) throws {
        for spelling in [name.text, name.text.lowercased(), name.text.uppercased()] {
            let fields = OriginalFields.make([(spelling, "v")])
            #expect(fields[name] == "v")
            #expect(try fields.required(name) == "v")
            try fields.check()
        }
    }

    @Test(arguments: OriginalFields.Name.allCases)
    func whatStandsTwiceIsRefusedEvenWhenItIsTheSame(_ name: OriginalFields.Name) {
        let fields = OriginalFields.make([(name.text, "v"), (name.text.lowercased(), "v")])
        #expect(refusal { try fields.check() } == "doubled")
    }

    @Test func whatIsNotThereOrEmptyIsMissed() {
        #expect(refusal { _ = try OriginalFields.make([]).required(.originalURI) } == "missing")
        #expect(refusal { _ = try OriginalFields.make([("X-Original-URI", "")]).required(.originalURI) } == "missing")
    }

    @Test(arguments: [
        "X_Forwarded_User", "x_forwarded-user", "X.Forwarded.User", "X_Original_URI", "Remote_User", "REMOTE~USER",
        "X-Auth_Request-User", "Content_Length", "X_Forwarded_For",
    ])
    func anIdentityInAFoldedSpellingIsRefused(_ name: String) {
        #expect(refusal { try OriginalFields.make([(name, "v")]).check() } == "foldedName")
    }

    @Test(arguments: [
        "X-Auth-Anything", "Oidc-Claim-Anything", "x-forwarded-sub", "X-Original-URL-2", "X-User-Anything",
    ])
    func anIdentityThatNoFrontRemovesIsRefused(_ name: String) {
        #expect(refusal { try OriginalFields.make([(name, "v")]).check() } == "unremovedName")
    }

    @Test(arguments: [
        "X_Custom", "My.Header", "X-Forwarded-User", "Remote-User", "Cookie", "x-real-ip", "X-FORWARDED-PORT",
    ])
    func otherFieldsAreTheProxysBusiness(_ name: String) throws {
        try OriginalFields.make([(name, "v"), (name, "v")]).check()
    }
}
