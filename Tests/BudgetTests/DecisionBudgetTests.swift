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
            let route = try #require(try settings.routes.route(for: request.authority, request.target))
            sessions.load([ticket], for: request.authority) { result in
                guard case .success(let opened?) = result else { return }
                if case .permit = route.decide(request, opened.session, now: .somewhen) { permits += 1 }
            }
        }
        #expect(permits == 1100)
        #expect(count <= Self.budget, "a decision costs \(count) allocations")
    }
}
