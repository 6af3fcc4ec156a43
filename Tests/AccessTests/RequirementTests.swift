import Access
import OpenIDConnect
import TestSupport
import Testing

struct RequirementTests {
    private static func outcome(_ decision: Decision) -> String {
        switch decision {
        case .permit(let permit): "permit" + (permit.overlooked.map { " despite \($0)" } ?? "")
        case .challenge: "challenge"
        case .stepUp(_, let stepUp): "step up \(stepUp.classes) \(stepUp.maximumAge?.components.seconds ?? -1)"
        case .deny(_, let denial): "deny \(denial)"
        }
    }

    private static func decide(
        _ condition: Condition = .all([]),
        _ stepUp: StepUp = .none,
        mode: PolicyMode = .enforce,
        claims: String?,
        now: Instant = .somewhen
    ) throws -> String {
        var requirements = Requirements()
        let requirement = requirements.adding(condition, stepUp: stepUp)
        let route = try Route.make("/", requirement: requirement, mode: mode)
        let grants = claims.map { Grants(.make(claims: $0), requirements) }
        return self.outcome(route.decide(try .make(), grants, now: now))
    }

    @Test func `a stranger is challenged before anything is asked`() throws {
        #expect(try Self.decide(.lists(.roles, ["admin"]), claims: nil) == "challenge")
    }

    @Test func `who lacks what is required is denied, not challenged`() throws {
        #expect(try Self.decide(.lists(.roles, ["admin"]), claims: #"{"roles":["x"]}"#) == "deny requirement-not-met")
        #expect(try Self.decide(.lists(.roles, ["admin"]), claims: #"{"roles":["admin"]}"#) == "permit")
    }

    @Test func `in shadow mode everybody passes and it is known who would not`() throws {
        let condition = Condition.lists(.roles, ["admin"])
        let outcome = try Self.decide(condition, mode: .shadow, claims: #"{"roles":["x"]}"#)
        #expect(outcome == "permit despite requirement-not-met")
        #expect(try Self.decide(condition, mode: .shadow, claims: #"{"roles":["admin"]}"#) == "permit")
        #expect(try Self.decide(condition, mode: .shadow, claims: nil) == "challenge")
    }

    @Test func `a sign-in that is too old is repeated`() throws {
        let stepUp = StepUp(classes: [], maximumAge: .seconds(600))
        let claims = #"{"auth_time":1000}"#
        let now = { (seconds: Int64) in Instant(seconds: seconds) }
        #expect(try Self.decide(stepUp: stepUp, claims: claims, now: now(1660)) == "permit")
        #expect(try Self.decide(stepUp: stepUp, claims: claims, now: now(1661)) == "step up [] 600")
        for odd in ["{}", #"{"auth_time":null}"#, #"{"auth_time":"1000"}"#, #"{"auth_time":1e300}"#] {
            #expect(try Self.decide(stepUp: stepUp, claims: odd, now: now(1000)) == "step up [] 600")
        }
    }

    private static func decide(stepUp: StepUp, claims: String, now: Instant = .somewhen) throws -> String {
        try self.decide(.all([]), stepUp, claims: claims, now: now)
    }

    @Test func `a sign-in that is too weak is repeated`() throws {
        let stepUp = StepUp(classes: ["mfa", "hw"], maximumAge: nil)
        #expect(try Self.decide(stepUp: stepUp, claims: #"{"acr":"hw"}"#) == "permit")
        for odd in [#"{"acr":"pwd"}"#, "{}", #"{"acr":["mfa"]}"#, #"{"acr":""}"#, #"{"acr":"MFA"}"#] {
            #expect(try Self.decide(stepUp: stepUp, claims: odd) == #"step up ["mfa", "hw"] -1"#)
        }
    }

    @Test func `who may not pass in any case is not asked to sign in again`() throws {
        let stepUp = StepUp(classes: ["mfa"], maximumAge: nil)
        #expect(try Self.decide(.lists(.roles, ["a"]), stepUp, claims: #"{"roles":[]}"#) == "deny requirement-not-met")
        #expect(
            try Self.decide(.all([]), stepUp, mode: .shadow, claims: "{}") == "permit despite step-up-needed"
        )
    }

    @Test func `each requirement has its own bits, however many there are`() throws {
        var requirements = Requirements()
        let network = Condition.network([try #require(AddressRange("192.0.2.0/24"))])
        let all = (0..<300).map { number in
            let role = Condition.lists(.roles, ["role-\(number)"])
            return requirements.adding(number % 3 == 0 ? .all([role, network]) : role)
        }
        let grants = Grants(
            .make(claims: #"{"roles":["role-0","role-63","role-64","role-299","role-150"]}"#),
            requirements
        )
        for (number, requirement) in all.enumerated() {
            let route = try Route.make("/", requirement: requirement)
            let isHeld = [0, 63, 64, 299, 150].contains(number)
            let outcome = Self.outcome(route.decide(try .make(), grants, now: .somewhen))
            #expect(outcome == (isHeld ? "permit" : "deny requirement-not-met"), "\(number)")
            let elsewhere = Self.outcome(route.decide(try .make(address: "198.51.100.1"), grants, now: .somewhen))
            #expect(elsewhere == (isHeld && number % 3 != 0 ? "permit" : "deny requirement-not-met"), "\(number)")
        }
    }

    @Test func `the same requirement has the same bits`() throws {
        var requirements = Requirements()
        let first = requirements.add(.lists(.roles, ["a"]))
        #expect(requirements.add(.lists(.roles, ["a"])) === first)
        #expect(requirements.add(.lists(.roles, ["b"])) !== first)
    }

    @Test func `grants made for another configuration allow nothing`() throws {
        var requirements = Requirements()
        for number in 0..<100 { _ = requirements.add(.lists(.roles, ["role-\(number)"])) }
        let requirement = requirements.adding(.lists(.roles, ["a"]))
        let route = try Route.make("/", requirement: requirement)
        let grants = Grants(.make(claims: #"{"roles":["a"]}"#), Requirements())
        #expect(Self.outcome(route.decide(try .make(), grants, now: .somewhen)) == "deny requirement-not-met")
    }

    @Test func `more networks than there is room for are refused`() throws {
        var requirements = Requirements()
        let networks = try (0..<5).map { Condition.network([try #require(AddressRange("10.\($0).0.0/16"))]) }
        #expect(requirements.add(.any(Array(networks.prefix(4)))) != nil)
        #expect(requirements.add(.any(networks)) == nil)
    }

    @Test func `the log is told what is not met`() throws {
        var requirements = Requirements()
        let condition = Condition.all([.lists(.roles, ["admin"]), .any([.lists(.organizations, ["o"]), .email([])])])
        let requirement = requirements.adding(condition)
        let grants = Grants(.make(claims: #"{"roles":["x"],"organizations":["o"]}"#), requirements)
        #expect(
            requirement.failing(for: grants, from: "192.0.2.1")
                == #"roles has one of "admin"; verified email is one of "#
        )
        let good = Grants(.make(claims: #"{"roles":["admin"],"organizations":["o"]}"#), requirements)
        #expect(requirement.failing(for: good, from: "192.0.2.1") == nil)
    }

    @Test func `what an API permits is unknown until it is asked, and then counts`() throws {
        let api = UpstreamToken.obtained(resource: "https://api", organization: nil)
        let other = UpstreamToken.obtained(resource: "https://api", organization: .fixed("o"))
        var requirements = Requirements()
        let write = requirements.adding(.permissions(api, ["write"]))
        let lacks = requirements.adding(.not(.permissions(api, ["write"])))
        #expect(write.apis == [api])
        #expect(requirements.apis == [api])
        for (permissions, isMet, isLacked) in [
            ([:], false, false), ([api: "read write"], true, false), ([api: "read"], false, true),
            ([api: ""], false, true), ([other: "write"], false, false), ([api: "writer"], false, true),
        ] as [([UpstreamToken: String], Bool, Bool)] {
            let grants = Grants(.make(), requirements, permissions: permissions)
            for (requirement, expected) in [(write, isMet), (lacks, isLacked)] {
                let route = try Route.make("/", requirement: requirement)
                let outcome = Self.outcome(route.decide(try .make(), grants, now: .somewhen))
                #expect(outcome == (expected ? "permit" : "deny requirement-not-met"), "\(permissions)")
            }
        }
    }
}
