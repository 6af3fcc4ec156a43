import Access
package import NIOCore

/// The workers of one event loop: the one that takes what comes, and those before it that still finish, under the
/// configuration they began with, what was running when it changed.
package final class Shift {
    package private(set) var current: Worker
    private(set) var leaving: [Worker] = []

    init(_ worker: Worker) {
        self.current = worker
    }

    /// The future succeeds when nothing is left that began before.
    func handOver(to next: Worker) -> EventLoopFuture<Void> {
        let last = self.current
        self.current = next
        self.leaving.append(last)
        next.start()
        return last.handOver(to: next).assumeIsolated().map {
            last.retire()
            self.leaving.removeAll { $0 === last }
        }.nonisolated()
    }

    /// A session has ended somewhere.
    func sessionEnded(_ key: SessionKey) {
        for worker in self.leaving + [self.current] { worker.sessionEnded(key) }
    }

    /// A session has been refreshed somewhere.
    func sessionRefreshed(_ key: SessionKey) {
        for worker in self.leaving + [self.current] { worker.checkLive(key) }
    }

    func leave() {
        for worker in self.leaving + [self.current] { worker.leave() }
    }

    func drain() -> EventLoopFuture<Void> {
        let workers = self.leaving + [self.current]
        return .andAllSucceed(workers.map { $0.drain() }, on: self.current.eventLoop)
    }

    package func stop() {
        for worker in self.leaving { worker.cutOff() }
        self.current.stop()
    }

    /// Succeeds when nothing that they have asked for elsewhere is under way any more, or at the end.
    package func whenDone(until end: NIODeadline = .distantFuture) -> EventLoopFuture<Void> {
        let eventLoop = self.current.eventLoop
        let workers = self.leaving + [self.current]
        let promise = eventLoop.makePromise(of: Void.self)
        EventLoopFuture.andAllSucceed(workers.map { $0.detached.whenDone() }, on: eventLoop).cascade(to: promise)
        if end < .distantFuture {
            let timer = eventLoop.scheduleTask(deadline: end) { promise.succeed() }
            promise.futureResult.whenComplete { _ in timer.cancel() }
        }
        return promise.futureResult
    }

    /// What all of them have counted together.
    var metricsSnapshot: MetricsSnapshot {
        var snapshot = self.current.metricsSnapshot
        for worker in self.leaving { snapshot.addConnections(of: worker.metricsSnapshot) }
        return snapshot
    }
}

@available(*, unavailable)
extension Shift: Sendable {}
