import Access
import JSON
import TestSupport
import Testing

struct IdentityTests {
    private static func identity(_ claims: String) throws -> Identity? {
        Identity(claims: try JSON.parse(Array(claims.utf8)), issuer: "https://auth.example.com/oidc")
    }

    @Test func `claims become an identity`() throws {
        let identity = try Self.identity(
            """
            {"sub":"706lje0vqvfe","name":"Alice Liddell","preferred_username":"alice","username":"al","email":"alice@example.com",
            "email_verified":true,"roles":["admin","reader"],"updated_at":1700000000000,"phone_number":null}
            """
        )
        #expect(identity == .make())
    }

    @Test func `null and absent are the same`() throws {
        let bare = Identity(issuer: "https://auth.example.com/oidc", subject: "a")
        #expect(try Self.identity(#"{"sub":"a"}"#) == bare)
        let nulls =
            #"{"sub":"a","name":null,"username":null,"preferred_username":null,"email":null,"email_verified":null,"roles":null}"#
        #expect(try Self.identity(nulls) == bare)
    }

    @Test func `a value of another type or an empty one is none`() throws {
        let bare = Identity(issuer: "https://auth.example.com/oidc", subject: "a")
        for value in ["1", "true", "{}", "[]", #"["x"]"#, #"{"a":"b"}"#, #""""#, "1e300"] {
            let claims =
                #"{"sub":"a","name":\#(value),"username":\#(value),"preferred_username":\#(value),"email":\#(value)}"#
            #expect(try Self.identity(claims) == bare)
        }
    }

    @Test(arguments: [
        "{}", "[]", "null", #""a""#, #"{"sub":null}"#, #"{"sub":""}"#, #"{"sub":1}"#, #"{"sub":["a"]}"#,
        #"{"SUB":"a"}"#,
    ])
    func `without a subject there is nobody`(_ claims: String) throws {
        #expect(try Self.identity(claims) == nil)
    }

    @Test(arguments: ["true"])
    func `an email is verified by the literal true`(_ value: String) throws {
        #expect(try #require(try Self.identity(#"{"sub":"a","email_verified":\#(value)}"#)).emailVerified)
    }

    @Test(arguments: ["false", "1", #""true""#, "null", "[true]", "{}", "1.0"])
    func `an email is verified by nothing else`(_ value: String) throws {
        #expect(try #require(try Self.identity(#"{"sub":"a","email_verified":\#(value)}"#)).emailVerified == false)
    }

    @Test(arguments: [
        (#"["a","b"]"#, ["a", "b"]), (#"["a",1,null,true,["b"],{"c":"d"},"","e"]"#, ["a", "e"]), (#""admin""#, []),
        (#"{"0":"admin"}"#, []), ("[]", []), ("1", []),
        (#"["a,b"," c "]"#, ["a,b", " c "]),
    ])
    func `roles are the texts of an array`(_ value: String, _ roles: [String]) throws {
        #expect(try #require(try Self.identity(#"{"sub":"a","roles":\#(value)}"#)).roles == roles)
    }

    @Test func `the username stands in for the preferred one`() throws {
        #expect(try Self.identity(#"{"sub":"a","username":"u"}"#)?.preferredUsername == "u")
        #expect(try Self.identity(#"{"sub":"a","username":"u","preferred_username":null}"#)?.preferredUsername == "u")
        #expect(try Self.identity(#"{"sub":"a","username":"u","preferred_username":"p"}"#)?.preferredUsername == "p")
        #expect(try Self.identity(#"{"sub":"a","email":"e","name":"n"}"#)?.preferredUsername == nil)
    }

    @Test func `two people are never one because their names look alike`() {
        #expect(Identity.make(subject: "caf\u{E9}") != .make(subject: "cafe\u{301}"))
        #expect(Identity.make(roles: ["caf\u{E9}"]) != .make(roles: ["cafe\u{301}"]))
        #expect(Identity.make(email: nil) != .make(email: ""))
        #expect(Identity.make(issuer: "a") != .make(issuer: "b"))
        #expect(Identity.make(emailVerified: true) != .make(emailVerified: false))
    }
}
