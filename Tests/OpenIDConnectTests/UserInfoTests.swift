import JSON
import OpenIDConnect
import Testing

struct UserInfoTests {
    private func parse(_ body: String) throws -> UserInfo {
        try UserInfo.parse(Array(body.utf8), subject: "706lje0vqvfe")
    }

    @Test func theClaimsOfTheSubjectAreRead() throws {
        let info = try parse(#"{"sub":"706lje0vqvfe","email":null,"custom_data":{"a":[1]}}"#)
        #expect(info.claims["custom_data"]?["a"] == [1])
    }

    @Test(
        arguments: [
            #"{"sub":"somebody"}"#, #"{"sub":"706lje0vqvfe "}"#, #"{"sub":"706LJE0VQVFE"}"#, #"{"sub":null}"#,
            #"{"sub":5}"#,
            #"{"sub":["706lje0vqvfe"]}"#, "{}", #"{"sub":"706lje0vqvfe\u0301"}"#,
        ]
    )
    func somebodyElsesClaimsDoNotCount(body: String) {
        #expect(throws: OpenIDConnectError.userInfoSubjectMismatch) { try parse(body) }
    }

    @Test(arguments: [
        "", "[]", "null", "eyJ.eyJ.c2ln", #"{"sub":"x","sub":"706lje0vqvfe"}"#, #"{"sub":"706lje0vqvfe"}x"#,
    ])
    func whatIsNoObjectIsRefused(body: String) {
        #expect(throws: OpenIDConnectError.userInfoMalformed) { try parse(body) }
    }

    @Test func theSignedClaimWinsAndNullCountsAsAbsent() throws {
        let token = try judge(claims(["email": .null, "roles": nil, "name": "Alice"]))
        let info = try parse(
            #"{"sub":"706lje0vqvfe","name":"Mallory","email":"a@b.c","roles":["x"],"picture":null,"locale":"ja"}"#
        )
        let merged = token.mergedClaims(with: info)
        #expect(merged["name"] == "Alice")
        #expect(merged["email"] == "a@b.c")
        #expect(merged["roles"] == ["x"])
        #expect(merged["locale"] == "ja")
        #expect(merged["picture"] == .null)
        #expect(merged["sub"] == "706lje0vqvfe")
        let names = try #require(merged.objectValue).map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func whatIsSaidAboutTheSignInIsNotTakenFromUserInfo() throws {
        let token = try judge(claims())
        let info = try parse(
            #"{"sub":"706lje0vqvfe","sid":"s","auth_time":1,"acr":"high","amr":["mfa"],"azp":"x","events":{}}"#
        )
        #expect(token.mergedClaims(with: info) == token.claims)
    }

    @Test func whatTheTokenDoesNotSayWasUserInfos() throws {
        let token = try judge(claims(["email": .null, "name": "Alice", "roles": nil]))
        let merged = #"{"sub":"706lje0vqvfe","name":"Alice","email":"a@b.c","roles":["x"]}"#
        let info = try #require(UserInfo(Array(merged.utf8), without: token.raw, subject: "706lje0vqvfe"))
        #expect(info.claims == ["email": "a@b.c", "roles": ["x"]])
        #expect(UserInfo(Array(merged.utf8), without: "no.token", subject: "706lje0vqvfe") == nil)
        #expect(UserInfo(Array(merged.utf8), without: token.raw, subject: "somebody") == nil)
    }

    @Test func withoutUserInfoTheTokenSpeaksAlone() throws {
        let token = try judge(claims())
        #expect(token.mergedClaims(with: nil) == token.claims)
    }

    @Test func aClaimThatIsMissingOrNullIsLacked() throws {
        let token = try judge(claims(["roles": nil]))
        #expect(token.lacks(anyOf: ["email", "roles"]))
        #expect(token.lacks(anyOf: ["phone_number"]))
        #expect(!token.lacks(anyOf: ["email", "name"]))
        #expect(!token.lacks(anyOf: []))
    }
}
