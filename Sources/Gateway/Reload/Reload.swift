import BackChannel
import Logging
import NIOCore
import UnixSignals

/// Takes a changed configuration over while requests are served: all of it or nothing.
///
/// What has begun ends under the configuration it began with; see `Shift`.
struct Reload: Sendable {
    /// Why what is right in itself cannot be taken over.
    private struct NeedsRestart: Error, CustomStringConvertible {
        let keys: [String]

        var description: String { "\(self.keys.joined(separator: ", ")): this takes a restart" }
    }

    let source: ConfigurationSource
    let workers: WorkerTable
    let site: CurrentSite
    let edge: Edge
    let changes: ChangeCounts
    let logger: Logger
    /// A worker for a site, in place of another.
    let makeWorker: @Sendable (Site, Worker) -> Worker
    /// Us, as a provider knows us: with what is known of it already, if that can go on being used.
    let makeParty: @Sendable (Settings, Site?) throws -> Worker.Party

    /// So long a file has to stay as it is before it counts as written.
    private static let settlingTime = Duration.milliseconds(100)
    /// How often it is asked whether files are to be looked at, where they are not.
    private static let idleInterval = Duration.seconds(10)

    /// Runs until it is cancelled.
    func run() async {
        let (reasons, reason) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sighup) { reason.yield("SIGHUP") }
            }
            group.addTask { await self.watch { reason.yield("a file has changed") } }
            // One after another.
            for await reason in reasons { await self.reload(because: reason) }
            group.cancelAll()
        }
    }

    /// Looks at the files now and then.
    private func watch(_ changed: () -> Void) async {
        var known = self.source.fingerprint()
        while !Task.isCancelled {
            let interval = self.site.value.settings.configuration.server.reloadInterval
            try? await Task.sleep(for: interval == .zero ? Self.idleInterval : .nanoseconds(interval.nanoseconds))
            guard interval != .zero, !Task.isCancelled else { continue }
            var found = self.source.fingerprint()
            guard found != known else { continue }
            // Half a file is none: whoever writes is given the time to finish.
            repeat {
                known = found
                try? await Task.sleep(for: Self.settlingTime)
                found = self.source.fingerprint()
            } while found != known && !Task.isCancelled
            changed()
        }
    }

    private func reload(because reason: String) async {
        let reading = self.source.read()
        for warning in reading.warnings {
            self.logger.warning("a warning about the configuration", metadata: ["warning": "\(warning)"])
        }
        guard let next = reading.configuration else { return self.refuse(reading.problems, reason) }
        do {
            try await self.takeOver(next)
        } catch {
            return self.refuse(["\(error)"], reason)
        }
        self.changes.count(.configuration, .applied)
        self.logger.notice("configuration taken over", metadata: ["reason": "\(reason)"])
    }

    private func refuse(_ problems: [String], _ reason: String) {
        self.changes.count(.configuration, .refused)
        for problem in problems {
            self.logger.error(
                "configuration refused, the old one stays",
                metadata: ["problem": "\(problem)", "reason": "\(reason)"]
            )
        }
    }

    /// Up to the last line that throws nothing has changed.
    private func takeOver(_ next: Configuration) async throws {
        let last = self.site.value
        let running = last.settings.configuration
        var next = next
        next.server.inheritedSockets = running.server.inheritedSockets
        let fixed = running.fixedKeys(changedIn: next)
        guard fixed.isEmpty else { throw NeedsRestart(keys: fixed) }
        let settings = try Settings.all(next, succeeding: last.settings)
        let certificates = try await self.edge.prepare(next)
        let site = Site(try settings.map { try self.makeParty($0, last) })
        let makeWorker = self.makeWorker
        let ends = try await self.workers.replace { makeWorker(site, $0) }
        await self.edge.takeOver(certificates)
        self.site.replace(with: site)
        let new = site.parties.filter { party in !last.parties.contains { $0.provider === party.provider } }
        let old = last.parties.filter { party in !site.parties.contains { $0.provider === party.provider } }
        for party in new { Task { _ = try? await party.provider.snapshot() } }
        guard !old.isEmpty else { return }
        Task {
            // Whoever is just signing in goes on with the old ones.
            for end in ends { try? await end.get() }
            for party in old { party.backChannel.shutDown() }
        }
    }
}
