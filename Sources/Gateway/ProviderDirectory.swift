package import BackChannel
package import Logging
package import OpenIDConnect
import Synchronization

/// What is known of the provider at one moment: its endpoints and its keys.
package struct ProviderSnapshot: Sendable {
    package let provider: Provider
    package var keys: JSONWebKeySet
    let fetchedAt: Instant
    /// How often the keys have been fetched anew; tells a caller that somebody else has done so meanwhile.
    package var keysGeneration = 0
}

/// The provider's discovery document and keys: fetched when first needed, kept fresh, read as a snapshot.
///
/// The gateway starts and serves while the provider is down; only who needs it waits for it.
package actor ProviderDirectory {
    private let settings: Configuration.ProviderSettings
    private let backChannel: BackChannel
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    private let published = Mutex<ProviderSnapshot?>(nil)

    private var fetching: Task<ProviderSnapshot, any Error>?
    private var failures = 0
    private var retryAt: Instant?
    private var lastFault: Fault?
    private var keysRefetchedAt: Instant?

    /// How long a snapshot is good without asking again.
    private static let freshness = Duration.seconds(3600)
    /// An unknown key refetches the keys, but not more often than this (security rule 15).
    private static let keyRefetchInterval = Duration.seconds(30)
    private static let longestPause = 16

    package init(
        settings: Configuration.ProviderSettings,
        backChannel: BackChannel,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) {
        self.settings = settings
        self.backChannel = backChannel
        self.logger = logger
        self.clock = clock
    }

    /// What is known already; no waiting, no fetching.
    package nonisolated var current: ProviderSnapshot? {
        self.published.withLock { $0 }
    }

    /// What is known, fetched if need be. A snapshot past its time is still served while a new one is being fetched, and
    /// when that fails.
    package func snapshot() async throws(Fault) -> ProviderSnapshot {
        guard let current else { return try await self.fetch() }
        if self.clock() - current.fetchedAt > Self.freshness, self.fetching == nil, !self.mustPause {
            Task { try? await self.fetch() }
        }
        return current
    }

    /// The same with keys fetched anew, for a token whose key is unknown; as it is when they were fetched just now.
    package func snapshotWithNewKeys(for seen: ProviderSnapshot) async throws(Fault) -> ProviderSnapshot {
        guard let current else { return try await self.snapshot() }
        // Somebody else has fetched since the caller looked.
        if current.keysGeneration > seen.keysGeneration { return current }
        if let keysRefetchedAt, self.clock() - keysRefetchedAt < Self.keyRefetchInterval { return current }
        // Before the answer is here, so that a burst of unknown keys asks once.
        self.keysRefetchedAt = self.clock()
        do {
            let keys = try await self.fetchKeys(of: current.provider)
            self.published.withLock {
                $0?.keys = keys
                $0?.keysGeneration += 1
            }
        } catch {
            self.logger.warning(
                "the provider's keys cannot be fetched",
                metadata: ["error": "\(error.detail ?? error.reason)"]
            )
        }
        return self.current ?? current
    }

    private var mustPause: Bool {
        guard let retryAt else { return false }
        return self.clock() < retryAt
    }

    /// One fetch at a time, however many wait for it.
    private func fetch() async throws(Fault) -> ProviderSnapshot {
        if self.mustPause, let lastFault { throw lastFault }
        let task =
            self.fetching
            ?? Task {
                defer { self.fetching = nil }
                return try await self.fetchAll()
            }
        self.fetching = task
        do {
            return try await task.value
        } catch {
            throw error as? Fault ?? .provider("the provider cannot be discovered", detail: "\(error)")
        }
    }

    private func fetchAll() async throws(Fault) -> ProviderSnapshot {
        do {
            let provider = try await self.fetchProvider()
            let keys = try await self.fetchKeys(of: provider)
            let now = self.clock()
            let snapshot = ProviderSnapshot(provider: provider, keys: keys, fetchedAt: now)
            self.published.withLock { $0 = snapshot }
            if self.failures > 0 { self.logger.notice("the provider is available again") }
            self.failures = 0
            self.retryAt = nil
            return snapshot
        } catch {
            self.failures += 1
            let pause = min(1 << min(self.failures - 1, 10), Self.longestPause)
            self.retryAt = self.clock().advanced(by: .seconds(pause))
            self.lastFault = error
            self.logger.warning(
                "the provider cannot be discovered",
                metadata: ["error": "\(error.detail ?? error.reason)", "issuer": "\(self.settings.issuer)"]
            )
            throw error
        }
    }

    private func fetchProvider() async throws(Fault) -> Provider {
        do {
            let url = try Provider.discoveryURL(issuer: self.settings.issuer, backChannel: self.settings.backChannelURL)
            let body = try await self.get(url)
            // Logto builds its endpoints from the host it was asked by; browsers need the issuer's (logto.md, 1.4).
            let front =
                self.settings.browserURL
                ?? (self.settings.backChannelURL == nil ? nil : Self.origin(of: self.settings.issuer))
            let provider = try Provider(discovery: body, issuer: self.settings.issuer)
                .rebased(frontChannel: front, backChannel: self.settings.backChannelURL)
            guard self.settings.insecureHTTP || provider.plainHTTPEndpoints.isEmpty else {
                let endpoints = provider.plainHTTPEndpoints.joined(separator: ", ")
                throw Fault.provider("the provider's endpoints are not https", detail: endpoints)
            }
            return provider
        } catch let error as Fault {
            throw error
        } catch let error as OpenIDConnectError {
            throw .provider("the provider's discovery document is not usable", detail: error.debugDescription)
        } catch {
            throw .provider("the provider cannot be discovered", detail: "\(error)")
        }
    }

    private func fetchKeys(of provider: Provider) async throws(Fault) -> JSONWebKeySet {
        let body = try await self.get(provider.jwksURI)
        do {
            return try JSONWebKeySet.parse(body)
        } catch {
            throw .provider("the provider's keys are not usable", detail: error.debugDescription)
        }
    }

    private func get(_ url: String) async throws(Fault) -> [UInt8] {
        let response: BackChannelResponse
        do {
            let accept = [(name: "Accept", value: "application/json")]
            response = try await self.backChannel.send(BackChannelRequest(method: .get, url: url, headers: accept))
        } catch {
            throw .provider("the provider cannot be reached", detail: error.debugDescription)
        }
        guard response.status == 200 else {
            throw .provider("the provider answered with an error", detail: "status \(response.status) from \(url)")
        }
        return response.body
    }

    /// Scheme and authority of an absolute URL.
    private static func origin(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.prefix(3).joined(separator: "/")
    }
}
