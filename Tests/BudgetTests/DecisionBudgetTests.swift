import Access
import Cryptography
import Gateway
import NIOCore
import OpenIDConnect
import TestSupport
import Testing

/// What a decision may cost, for somebody who is signed in.
@Suite(.enabled(if: isRelease))
struct DecisionBudgetTests {
    /// Allocations from cookie value and target to permit.
    private static let budget = 11

    @Test func aDecisionKeepsItsBudget() throws {
        let settings = try Settings(.make())
        let store = MemoryStore(capacity: 100) { .somewhen }
        let sessions = Sessions(store: store, settings: settings, metrics: Metrics()) { .somewhen }
        var cookie = ""
        sessions.create(.make()) { if case .success(let ticket) = $0 { cookie = ticket.cookieValue } }
        let request = try AccessRequest.make("/private/page?query=1")
        var permits = 0
        let count = try allocations {
            let ticket = try #require(Ticket(cookieValue: Substring(cookie).utf8))
            let route = try #require(try settings.routes.route(for: request.authority, request.method, request.target))
            sessions.load([ticket], for: request.authority) { result in
                guard case .success(let opened?) = result else { return }
                if case .permit = route.decide(request, opened.grants, now: .somewhen) { permits += 1 }
            }
        }
        #expect(permits == 1100)
        #expect(count <= Self.budget, "a decision costs \(count) allocations")
    }

    /// A table of so many routes, each with a requirement of its own, and the grants of somebody in 300 groups.
    private static func policies(_ count: Int) throws -> (RouteTable, AccessRequest, Grants) {
        var requirements = Requirements()
        let routes = try (0..<count).map { number in
            let condition = Condition.all([.lists(.roles, ["group-\(number % 300)"]), .lists(.roles, ["group-299"])])
            let requirement = requirements.adding(condition)
            return try Route.make("/area-\(number)", requirement: requirement)
        }
        let groups = (0..<300).map { "\"group-\($0)\"" }.joined(separator: ",")
        let grants = Grants(.make(claims: "{\"sub\":\"alice\",\"roles\":[\(groups)]}"), requirements)
        return (try RouteTable(routes), try .make("/area-\(count - 1)/page"), grants)
    }

    @Test(arguments: [1, 1000])
    func aPolicyCostsNoAllocation(_ count: Int) throws {
        let (table, request, grants) = try Self.policies(count)
        var permits = 0
        let cost = allocations {
            let route = try? table.route(for: request.authority, request.method, request.target)
            if case .permit = route?.decide(request, grants, now: .somewhen) { permits += 1 }
        }
        #expect(permits == 1100)
        #expect(cost == 0)
    }

    @Test func aThousandPoliciesCostNoMoreThanTwiceOne() throws {
        let one = try Self.time(1)
        let thousand = try Self.time(1000)
        #expect(thousand <= one + one, "\(thousand) against \(one)")
    }

    /// The shortest of many rounds, so that a busy machine does not count.
    private static func time(_ count: Int) throws -> Duration {
        let (table, request, grants) = try Self.policies(count)
        var shortest = Duration.seconds(1)
        for _ in 0..<200 {
            let started = ContinuousClock.now
            for _ in 0..<500 {
                let route = try table.route(for: request.authority, request.method, request.target)
                if case .deny = route?.decide(request, grants, now: .somewhen) { Issue.record("denied") }
            }
            shortest = min(shortest, ContinuousClock.now - started)
        }
        return shortest
    }
}
