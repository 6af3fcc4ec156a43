import Access
import JSON
import NIOCore
import NIOHTTP1
import Synchronization

/// Alive, ready, metrics: for probes and Prometheus, on the admin listener.
final class StatusEndpoint: Sendable {
    struct Report: Sendable {
        let status: HTTPResponseStatus
        var contentType: String
        let text: String
        var fields: [(name: String, value: String)] = []

        init(_ status: HTTPResponseStatus, _ text: String, contentType: String = "text/plain; charset=utf-8") {
            self.status = status
            self.contentType = contentType
            self.text = text
        }
    }

    private let workers: WorkerTable
    private let site: CurrentSite
    private let changes: ChangeCounts
    private let draining = Mutex(false)

    init(workers: WorkerTable, site: CurrentSite, changes: ChangeCounts) {
        self.workers = workers
        self.site = site
        self.changes = changes
    }

    /// From now on not ready: whoever balances load sends nothing new.
    func drain() {
        self.draining.withLock { $0 = true }
    }

    func report(for path: String) async -> Report {
        switch path {
        case "/healthz": Report(.ok, "alive\n")
        case "/readyz": await self.readiness()
        case "/metrics": await self.metrics()
        default: Report(.notFound, "/healthz, /readyz, /metrics\n")
        }
    }

    /// Ready means: a signed-in user can be served. The provider is told of but not waited for, because sessions that
    /// exist go on without it.
    private func readiness() async -> Report {
        let isDraining = self.draining.withLock { $0 }
        let storeFault = await self.storeFault()
        let isReady = !isDraining && storeFault == nil
        let report = JSON.object([
            JSONMember(name: "ready", value: .bool(isReady)),
            JSONMember(name: "draining", value: .bool(isDraining)),
            JSONMember(name: "store", value: .string(storeFault ?? "reachable")),
            JSONMember(name: "provider", value: .string(self.providerReport)),
        ])
        return Report(
            isReady ? .ok : .serviceUnavailable,
            String(decoding: report.bytes, as: UTF8.self) + "\n",
            contentType: "application/json"
        )
    }

    private var providerReport: String {
        let parties = self.site.value.parties
        let unknown = parties.filter { $0.provider.current == nil }.map(\.settings.configuration.provider.issuer)
        guard !unknown.isEmpty else { return "known" }
        return parties.count == 1 ? "not discovered yet" : "not discovered yet: \(unknown.joined(separator: ", "))"
    }

    /// `nil`: every worker reaches its store.
    private func storeFault() async -> String? {
        do {
            try await self.workers.wait { shift in
                let worker = shift.current
                let promise = worker.eventLoop.makePromise(of: Void.self)
                worker.sessions.ping { promise.completeWith($0.mapError { $0 as any Error }) }
                return promise.futureResult
            }
            return nil
        } catch {
            return (error as? Fault)?.detail ?? "unreachable"
        }
    }

    private func metrics() async -> Report {
        var total = MetricsSnapshot()
        let snapshots = (try? await self.workers.map { $0.metricsSnapshot }) ?? []
        for snapshot in snapshots { total.add(snapshot) }
        let names = self.site.value.settings.routeNames
        return Report(
            .ok,
            total.prometheusText(routes: names) + self.changes.prometheusText,
            contentType: "text/plain; version=0.0.4; charset=utf-8"
        )
    }
}
