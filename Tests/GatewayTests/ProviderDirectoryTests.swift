import BackChannel
import Gateway
import Logging
import OpenIDConnect
import Synchronization
import TestSupport
import Testing

/// What is known of the provider, asked of one that does as it is told.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct ProviderDirectoryTests {
    @Test func whatIsKnownIsAskedForOnce() async throws {
        try await StubbornProvider.run { provider in
            #expect(provider.directory.current == nil)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { _ = try await provider.directory.snapshot() } }
                try await group.waitForAll()
            }
            _ = try await provider.directory.snapshot()
            #expect(provider.directory.current?.keys.count == 1)
            #expect(provider.asked(for: "/oidc/.well-known/openid-configuration") == 1)
            #expect(provider.asked(for: "/oidc/jwks") == 1)
        }
    }

    @Test func aProviderThatFailsIsNotAskedAgainAtOnce() async throws {
        try await StubbornProvider.run { provider in
            provider.fail(true)
            // One pause after another, each twice as long, up to sixteen seconds.
            for (attempt, pause) in [1, 2, 4, 8, 16, 16].enumerated() {
                await #expect(throws: Fault.self) { try await provider.directory.snapshot() }
                provider.clock.advance(by: .seconds(pause - 1))
                let fault = await #expect(throws: Fault.self) { try await provider.directory.snapshot() }
                #expect(fault?.source == .provider)
                #expect(provider.asked(for: "/oidc/.well-known/openid-configuration") == attempt + 1)
                provider.clock.advance(by: .seconds(1))
            }
        }
    }

    @Test func aProviderThatComesBackIsUsed() async throws {
        try await StubbornProvider.run { provider in
            provider.fail(true)
            await #expect(throws: Fault.self) { try await provider.directory.snapshot() }
            provider.fail(false)
            await #expect(throws: Fault.self) { try await provider.directory.snapshot() }
            provider.clock.advance(by: .seconds(1))
            _ = try await provider.directory.snapshot()
        }
    }

    @Test func whatIsKnownIsServedPastItsTimeWhileTheProviderFails() async throws {
        try await StubbornProvider.run { provider in
            _ = try await provider.directory.snapshot()
            provider.fail(true)
            provider.clock.advance(by: .seconds(3601))
            let snapshot = try await provider.directory.snapshot()
            #expect(snapshot.provider.tokenEndpoint.utf8.elementsEqual("\(provider.issuer)/token".utf8))
        }
    }

    @Test func anUnknownKeyFetchesTheKeysAndABurstOfThemFetchesOnce() async throws {
        try await StubbornProvider.run { provider in
            let seen = try await provider.directory.snapshot()
            let newer = try await provider.directory.snapshotWithNewKeys(for: seen)
            #expect(newer.keysGeneration == 1)
            #expect(provider.asked(for: "/oidc/jwks") == 2)
            for _ in 0..<10 { _ = try await provider.directory.snapshotWithNewKeys(for: newer) }
            #expect(provider.asked(for: "/oidc/jwks") == 2)
            provider.clock.advance(by: .seconds(30))
            _ = try await provider.directory.snapshotWithNewKeys(for: newer)
            #expect(provider.asked(for: "/oidc/jwks") == 3)
        }
    }

    @Test func whoComesLateGetsTheKeysThatSomebodyElseHasFetched() async throws {
        try await StubbornProvider.run { provider in
            let seen = try await provider.directory.snapshot()
            _ = try await provider.directory.snapshotWithNewKeys(for: seen)
            provider.clock.advance(by: .seconds(31))
            #expect(try await provider.directory.snapshotWithNewKeys(for: seen).keysGeneration == 1)
            #expect(provider.asked(for: "/oidc/jwks") == 2)
        }
    }

    @Test func keysThatCannotBeFetchedAnewDoNotCostTheOldOnes() async throws {
        try await StubbornProvider.run { provider in
            let seen = try await provider.directory.snapshot()
            provider.fail(true)
            #expect(try await provider.directory.snapshotWithNewKeys(for: seen).keys.count == 1)
        }
    }

    @Test func anotherIssuerIsNotOurs() async throws {
        try await StubbornProvider.run(named: "https://auth.example.com/oidc") { provider in
            let fault = await #expect(throws: Fault.self) { try await provider.directory.snapshot() }
            #expect(fault?.reason == "the provider's discovery document is not usable")
            #expect(provider.directory.current == nil)
        }
    }
}

/// A provider on loopback, and the directory that asks it.
private struct StubbornProvider: Sendable {
    let directory: ProviderDirectory
    let clock: ManualClock
    let issuer: String
    private let application: Application
    private let behaviour: Behaviour

    private final class Behaviour: Sendable {
        let isFailing = Mutex(false)
        let documents = Mutex<[String: String]>([:])

        func answer(_ request: String) -> String {
            let path = request.split(separator: " ").dropFirst().first.map { String($0) } ?? ""
            guard !self.isFailing.withLock({ $0 }), let document = self.documents.withLock({ $0[path] }) else {
                return "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
            }
            return Application.ok(document, fields: "Content-Type: application/json\r\n")
        }
    }

    /// - Parameter name: the issuer its document names, when that is not the one it is asked as.
    static func run(named name: String? = nil, _ body: (StubbornProvider) async throws -> Void) async throws {
        let behaviour = Behaviour()
        try await Application.run {
            behaviour.answer($0)
        } beside: { application, backChannel in
            let issuer = "http://127.0.0.1:\(application.port)/oidc"
            let documents = try [
                "/oidc/.well-known/openid-configuration": ProviderDocuments.discovery(name ?? issuer),
                "/oidc/jwks": ProviderDocuments.keys(),
            ]
            behaviour.documents.withLock { $0 = documents }
            let clock = ManualClock()
            var settings = Configuration.ProviderSettings(issuer: issuer, client: Client(id: "app", secret: nil))
            settings.insecureHTTP = true
            let directory = ProviderDirectory(
                settings: settings,
                backChannel: backChannel,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                clock: { clock.now }
            )
            try await body(
                StubbornProvider(
                    directory: directory,
                    clock: clock,
                    issuer: issuer,
                    application: application,
                    behaviour: behaviour
                )
            )
        }
    }

    func fail(_ isFailing: Bool) {
        self.behaviour.isFailing.withLock { $0 = isFailing }
    }

    func asked(for path: String) -> Int {
        self.application.requests.count { $0.hasPrefix("GET \(path) ") }
    }
}
