import Access
import JSON
import TestSupport
import Testing

struct ConditionTests {
    /// The answer for these claims: "yes", "no" or "unknown", as `explain` has it.
    private static func answer(
        _ condition: Condition,
        _ claims: String,
        scope: String? = nil,
        address: String = "192.0.2.1"
    ) throws -> Truth {
        var requirements = Requirements()
        let requirement = requirements.adding(condition)
        let json = try JSON.parse(Array(claims.utf8))
        let lines = requirement.explained(for: json, scope: scope, from: address)
        let truth = try #require(lines.first).truth
        let session = Session.make(claims: claims, scope: scope)
        let route = try Route.make("/", requirement: requirement)
        var passes = false
        let decision = route.decide(try .make(address: address), Grants(session, requirements), now: .somewhen)
        if case .permit = decision { passes = true }
        #expect(passes == (truth == .yes), "the bit and the explanation differ")
        return truth
    }

    private static let roles = Condition.lists(.roles, ["admin", "chief"])

    @Test(arguments: [
        (#"{"roles":["reader","admin"]}"#, Truth.yes),
        (#"{"roles":["reader"]}"#, .no),
        (#"{"roles":[]}"#, .no),
        (#"{"roles":null}"#, .unknown),
        (#"{}"#, .unknown),
        (#"{"roles":"admin"}"#, .unknown),
        (#"{"roles":{"admin":true}}"#, .unknown),
        (#"{"roles":["reader",7,["admin"]]}"#, .unknown),
        (#"{"roles":[null,"admin"]}"#, .yes),
        (#"{"roles":["Admin","admin ","admin,chief","adm\u0131n"]}"#, .no),
        (#"{"role":["admin"],"Roles":["admin"]}"#, .unknown),
    ])
    func `a role counts when it stands in the list byte by byte`(_ claims: String, _ truth: Truth) throws {
        #expect(try Self.answer(Self.roles, claims) == truth)
        #expect(try Self.answer(.not(Self.roles), claims) == truth.negated)
    }

    @Test func `what is canonically equivalent is another role`() throws {
        let claims = "{\"roles\":[\"caf\u{65}\u{301}\"]}"
        #expect(try Self.answer(.lists(.roles, ["caf\u{e9}"]), claims) == .no)
    }

    @Test func `all, any and not go by what can be told`() throws {
        let claims = #"{"roles":["admin"],"organizations":["a"]}"#
        let yes = Self.roles
        let no = Condition.lists(.organizations, ["b"])
        let unknown = Condition.lists(.organizationRoles, ["a:admin"])
        let table: [(Condition, Truth)] = [
            (.all([yes, yes]), .yes), (.all([yes, no]), .no), (.all([yes, unknown]), .unknown),
            (.all([no, unknown]), .no), (.any([no, yes, unknown]), .yes), (.any([no, unknown]), .unknown),
            (.any([no, no]), .no), (.not(.any([no, unknown])), .unknown), (.not(.all([no, unknown])), .yes),
            (.not(unknown), .unknown), (.any([]), .no), (.all([]), .yes),
        ]
        for (condition, truth) in table { #expect(try Self.answer(condition, claims) == truth, "\(condition)") }
    }

    @Test func `organizations and their roles are told apart`() throws {
        let claims = #"{"organizations":["o1"],"organization_roles":["o1:admin","o2:member"]}"#
        #expect(try Self.answer(.lists(.organizations, ["o1"]), claims) == .yes)
        #expect(try Self.answer(.lists(.organizations, ["o2"]), claims) == .no)
        #expect(try Self.answer(.lists(.organizationRoles, ["o1:admin"]), claims) == .yes)
        #expect(try Self.answer(.lists(.organizationRoles, ["o2:admin"]), claims) == .no)
    }

    @Test func `scopes are those that were granted`() throws {
        let condition = Condition.lists(.scopes, ["read:data"])
        #expect(try Self.answer(condition, "{}", scope: "openid read:data") == .yes)
        #expect(try Self.answer(condition, "{}", scope: "openid read:data2") == .no)
        #expect(try Self.answer(condition, #"{"scope":"read:data","scopes":["read:data"]}"#) == .unknown)
    }

    @Test(arguments: [
        (#"{"email":"a@example.com","email_verified":true}"#, Truth.yes),
        (#"{"email":"a@EXAMPLE.com","email_verified":true}"#, .yes),
        (#"{"email":"a@sub.example.com","email_verified":true}"#, .no),
        (#"{"email":"a@example.com.evil.test","email_verified":true}"#, .no),
        (#"{"email":"a@notexample.com","email_verified":true}"#, .no),
        (#"{"email":"a@example.com","email_verified":false}"#, .unknown),
        (#"{"email":"a@example.com","email_verified":"true"}"#, .unknown),
        (#"{"email":"a@example.com","email_verified":1}"#, .unknown),
        (#"{"email":"a@example.com"}"#, .unknown),
        (#"{"email":null,"email_verified":true}"#, .unknown),
        (#"{"email":"a@evil.test,b@example.com","email_verified":true}"#, .unknown),
        (#"{"email":"a@evil.test@example.com","email_verified":true}"#, .unknown),
        (#"{"email":"\"a@evil.test\"@example.com","email_verified":true}"#, .unknown),
        (#"{"email":"a <a@example.com>","email_verified":true}"#, .unknown),
        (#"{"email":"@example.com","email_verified":true}"#, .unknown),
        (#"{"email":"a@example.com\u0000","email_verified":true}"#, .unknown),
    ])
    func `a domain counts for one verified address`(_ claims: String, _ truth: Truth) throws {
        let domain = try #require(EmailDomain("example.com"))
        #expect(try Self.answer(.emailDomain([domain]), claims) == truth)
        #expect(try Self.answer(.not(.emailDomain([domain])), claims) == truth.negated)
    }

    @Test func `domains below are covered when asked for`() throws {
        let domain = try #require(EmailDomain("*.Example.com"))
        let claims = { (email: String) in #"{"email":"\#(email)","email_verified":true}"# }
        #expect(try Self.answer(.emailDomain([domain]), claims("a@x.example.com")) == .yes)
        #expect(try Self.answer(.emailDomain([domain]), claims("a@example.com")) == .no)
        #expect(try Self.answer(.emailDomain([domain]), claims("a@xexample.com")) == .no)
        for odd in ["", "*", "*.", ".example.com", "a..b", "a@b", "exa mple", "*.*.com", "a*.com"] {
            #expect(EmailDomain(odd) == nil, "\(odd)")
        }
    }

    @Test func `an address is compared by bytes before the at sign`() throws {
        let address = try #require(EmailAddress("Alice@Example.com"))
        let claims = { (email: String) in #"{"email":"\#(email)","email_verified":true}"# }
        #expect(try Self.answer(.email([address]), claims("Alice@example.COM")) == .yes)
        #expect(try Self.answer(.email([address]), claims("alice@example.com")) == .no)
    }

    @Test func `a network is that of the request`() throws {
        let network = Condition.network([try #require(AddressRange("10.0.0.0/8"))])
        let office = Condition.network([try #require(AddressRange("2001:db8::/32"))])
        #expect(try Self.answer(network, "{}", address: "10.1.2.3") == .yes)
        #expect(try Self.answer(network, "{}", address: "::ffff:10.1.2.3") == .yes)
        #expect(try Self.answer(network, "{}", address: "11.1.2.3") == .no)
        #expect(try Self.answer(.any([network, office]), "{}", address: "2001:db8::1") == .yes)
        #expect(try Self.answer(.not(network), "{}", address: "11.1.2.3") == .yes)
        for address in ["unix", "", "10.1.2.3:80", "10.1.2"] {
            #expect(try Self.answer(network, "{}", address: address) == .unknown)
            #expect(try Self.answer(.not(network), "{}", address: address) == .unknown)
        }
        #expect(try Self.answer(.any([network, Self.roles]), #"{"roles":["admin"]}"#, address: "192.0.2.1") == .yes)
    }
}
