import Access
import Cryptography
import Gateway
import TestSupport
import Testing

/// What settings take over from those before them.
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
}
