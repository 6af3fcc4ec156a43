import Access
import Cryptography
import TestSupport
import Testing

struct HeaderSetTests {
    private static let claims = #"""
        {"sub":"u1","name":"Zoë ✓","email":"a@b.c","email_verified":true,"username":"alice","given_name":null,
        "roles":["admin","x,admin","50%","a b"],"custom":{"team":"blue","sites":[{"id":"s1"},{"id":2}],"on":true,"n":null,
        "o":{"a":1},"mixed":["a",null,5,{"b":1},true,""]}}
        """#

    private static func render(
        _ fields: [HeaderField],
        claims: String = claims,
        maximumSize: Int = 8192
    ) throws -> [String] {
        let session = Session.make(claims: claims, idToken: "h.p.s", scope: "openid read")
        let rendered = try #require(HeaderSet(fields)).rendered(for: session, maximumSize: maximumSize)
        return rendered.map { "\($0.name): \(String(decoding: $0.value, as: UTF8.self))" }
    }

    private static func field(_ claim: String, _ encoding: HeaderEncoding = .utf8, _ separator: String = ",") throws
        -> HeaderField
    {
        var field = HeaderField("X-A", .claims([try #require(ClaimPath(claim))]))
        field.encoding = encoding
        field.separator = separator
        return field
    }

    private static func value(_ claim: String, _ encoding: HeaderEncoding = .utf8, _ separator: String = ",") throws
        -> String?
    {
        try self.render([try self.field(claim, encoding, separator)]).first.map { String($0.dropFirst(5)) }
    }

    @Test(arguments: [
        ("custom.team", "blue"), ("custom.sites.0.id", "s1"), ("custom.sites.1.id", "2"), ("custom.on", "true"),
        ("custom.n", nil), ("custom.o", nil), ("custom.missing", nil), ("given_name", nil),
        ("custom.mixed", "a,5,true"),
    ])
    func `any claim is found by its path, and nothing is sent for nothing`(_ claim: String, _ value: String?) throws {
        #expect(try Self.value(claim) == value)
    }

    @Test(arguments: [
        (HeaderEncoding.utf8, ",", "admin,x%2Cadmin,50%25,a b"), (.utf8, "|", "admin|x,admin|50%25|a b"),
        (.utf8, " ", "admin x,admin 50%25 a%20b"), (.utf8, ", ", "admin, x%2Cadmin, 50%25, a b"),
        (.percent, ",", "admin,x%2Cadmin,50%25,a%20b"), (.latin1, ",", "admin,x%2Cadmin,50%25,a b"),
        (.base64url, ",", Base64URL.encode(Array("admin,x%2Cadmin,50%25,a b".utf8))),
        (.rfc8187, ",", "UTF-8''admin%2Cx%252Cadmin%2C50%2525%2Ca%20b"),
    ])
    func `no member of a list looks like two`(_ encoding: HeaderEncoding, _ separator: String, _ value: String) throws {
        #expect(try Self.value("roles", encoding, separator) == value)
    }

    @Test(arguments: [
        (HeaderEncoding.utf8, "Zoë ✓"), (.percent, "Zo%C3%AB%20%E2%9C%93"), (.rfc8187, "UTF-8''Zo%C3%AB%20%E2%9C%93"),
        (.base64url, Base64URL.encode(Array("Zoë ✓".utf8))),
    ])
    func `what is not ASCII goes as configured`(_ encoding: HeaderEncoding, _ value: String) throws {
        #expect(try Self.value("name", encoding) == value)
    }

    @Test func `latin1 is one byte each, and percent where there is none`() throws {
        let set = try #require(HeaderSet([try Self.field("name", .latin1)]))
        let rendered = try set.rendered(for: .make(claims: Self.claims))
        #expect(rendered[0].value == Array("Zo".utf8) + [0xEB] + Array(" %E2%9C%93".utf8))
    }

    @Test(arguments: HeaderEncoding.allCases)
    func `no value ends its line, whatever is in it`(_ encoding: HeaderEncoding) throws {
        let hostile = #"{"a":["x\r\nX-Admin: 1","\n","\u0000","\u0085","\u007f"," b ","\u000b"]}"#
        for separator in [",", ";", "; ", "|"] {
            var field = HeaderField("X-A", .claims([.plain("a")]))
            field.encoding = encoding
            field.separator = separator
            let set = try #require(HeaderSet([field]))
            let value = try set.rendered(for: .make(claims: hostile))[0].value
            #expect(!value.contains { $0 < 0x20 || $0 == 0x7F })
            #expect(encoding != .utf8 || !value.contains(0x85))
        }
    }

    @Test func `a required field without a value lets nobody pass`() throws {
        var field = try Self.field("custom.n")
        field.isRequired = true
        #expect(throws: IdentityFieldsError.self) { try Self.render([field]) }
        #expect(throws: IdentityFieldsError.self) {
            try Self.render(HeaderPreset.grafana.fields(user: [.plain("none")]))
        }
    }

    @Test func `what is too large is not cut`() throws {
        let field = try Self.field("custom.team")
        #expect(try Self.render([field], maximumSize: 11) == ["X-A: blue"])
        #expect(throws: IdentityFieldsError.self) { try Self.render([field], maximumSize: 10) }
    }

    @Test func `names that look alike behind us are one name`() {
        for (first, second) in [("X-User", "x_user"), ("X-User", "X-USER"), ("X.A-b", "x-a.B")] {
            #expect(HeaderSet([HeaderField(first, .host), HeaderField(second, .host)]) == nil)
        }
        for preset in HeaderPreset.allCases {
            let fields = preset.fields(user: [.plain("sub")])
            #expect(HeaderSet(fields) != nil, "\(preset)")
            for field in fields { #expect(ReservedNames.all.contains(field.name), "\(field.name)") }
        }
    }

    @Test(arguments: [
        (HeaderPreset.none, []),
        (.siteminder, ["SM_USER: u1", "SMUSER: u1", "SM_USERMAIL: a@b.c", "SM_USERGROUPS: admin^x,admin^50%25^a b"]),
        (.webseal, ["iv-user: u1", #"iv-groups: "admin","x%2Cadmin","50%25","a b""#]),
        (.protectedApp, ["Logto-ID-Token: h.p.s", "Logto-Host: app.example.com"]),
        (
            .jenkins,
            [
                "X-Forwarded-User: u1", "X-Forwarded-Mail: a@b.c", "X-Forwarded-DisplayName: Zoë ✓",
                "X-Forwarded-Groups: admin|x,admin|50%25|a b",
            ]
        ),
        (
            .gatehouse,
            [
                "X-Forwarded-User: u1", "X-Forwarded-Email: a@b.c", "X-Forwarded-Preferred-Username: alice",
                "X-Forwarded-Name: Zoë ✓", "X-Forwarded-Groups: admin,x%2Cadmin,50%25,a b",
            ]
        ),
    ])
    func `a preset speaks as its system does`(_ preset: HeaderPreset, _ lines: [String]) throws {
        #expect(try Self.render(preset.fields(user: [.plain("sub")])) == lines)
    }

    @Test func `an address names a person only when it is verified`() throws {
        let fields = HeaderPreset.remoteUser.fields(user: [.plain("email")])
        #expect(try Self.render(fields).first == "Remote-User: a@b.c")
        let unverified = #"{"sub":"u","email":"a@b.c","email_verified":"true"}"#
        #expect(throws: IdentityFieldsError.self) { try Self.render(fields, claims: unverified) }
    }

    @Test func `names by which HTTP works are nobody's to configure`() {
        for name in [
            "Host", "Cookie", "content_length", "Transfer.Encoding", "Authorization", "X-Forwarded-For", "Accept", "",
            "X A", "X:",
        ] {
            #expect(!HeaderField.isName(name), "\(name)")
        }
        for name in ["X-Team", "SM_USER", "eppn"] { #expect(HeaderField.isName(name)) }
    }

    @Test func `a configured name is stripped in every spelling`() {
        let names = ReservedNames(adding: ["X-Team", "my_field"])
        for name in ["x-team", "X_TEAM", "X.Team", "My-Field", "X-Forwarded-User"] { #expect(names.contains(name)) }
        for name in ["x-teams", "x-tea", "Accept"] { #expect(!names.contains(name)) }
        let many = ReservedNames(adding: (0..<400).map { "X-Many-\($0)" })
        #expect(many.contains("x_many_399"))
        #expect(many.contains("Remote-User"))
    }
}
