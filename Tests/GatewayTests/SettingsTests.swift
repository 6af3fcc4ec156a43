import Access
import Cryptography
import Gateway
import TestSupport
import Testing

/// What settings take over from those before them, and what copies have in common.
struct SettingsTests {
    @Test func aKeyThatWasMadeAtStartStays() throws {
        var configuration = try Configuration.make()
        configuration.session.keys = []
        let first = try #require(try Settings.all(configuration).first)
        let second = try #require(try Settings.all(configuration, succeeding: first).first)
        let box = try first.keys.seal([1, 2, 3], for: "a test", secret: [4], context: [5])
        #expect(try second.keys.open(box, for: "a test", secret: [4], context: [5]) == [1, 2, 3])
        let stranger = try Settings(configuration)
        #expect(throws: (any Error).self) { try stranger.keys.open(box, for: "a test", secret: [4], context: [5]) }
    }

    @Test func routesKeepTheirNumbers() throws {
        var configuration = try Configuration.make(routes: [.make("/a", name: "a"), .make("/b", name: "b")])
        let first = try Settings(configuration)
        #expect(first.routeNames == ["a", "b"])
        configuration.routes = [try .make("/c", name: "c"), try .make("/b", name: "b")]
        let second = try Settings(configuration, succeeding: first)
        #expect(second.routeNames == ["a", "b", "c"])
        #expect(configuration.routes.map { second.number(of: $0) } == [2, 1])
    }

    @Test func aWorkersCopyDecidesAlikeByRoutesOfItsOwn() throws {
        let settings = try Settings(.make())
        let copy = Settings(copying: settings)
        let authority = settings.configuration.server.publicURL.authority
        for path in ["/", "/private/page", "/open", "/elsewhere"] {
            let target = try RequestTarget(path)
            let route = try #require(try settings.routes.route(for: authority, "GET", target))
            let copied = try #require(try copy.routes.route(for: authority, "GET", target))
            #expect(copied !== route)
            #expect(copied.name == route.name && copied.path == route.path && copied.policy == route.policy)
            #expect(copy.number(of: copied) == settings.number(of: route))
            #expect(copy.configuration.routes.contains { $0 === copied })
        }
        #expect(copy.serves(authority))
        let box = try settings.keys.seal([1], for: "a test", secret: [2], context: [3])
        #expect(try copy.keys.open(box, for: "a test", secret: [2], context: [3]) == [1])
    }
}
