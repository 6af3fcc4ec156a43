package import NIOCore

/// Asynchronous work that a worker has under way off its loop. The loop must not end before it: what comes back to a loop
/// that has ended is lost, and NIO says so.
package final class DetachedWork {
    private let eventLoop: any EventLoop
    private var running = 0
    private var waiting: [EventLoopPromise<Void>] = []

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Runs `work` elsewhere and brings its result back. The only hop of a request, on cold paths.
    package func run<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value,
        then completion: @escaping (Result<Value, any Error>) -> Void
    ) {
        self.running += 1
        let promise = self.eventLoop.makePromise(of: Value.self)
        promise.completeWithTask(work)
        promise.futureResult.assumeIsolated().whenComplete { result in
            completion(result)
            self.running -= 1
            self.tellWhoWaits()
        }
    }

    /// Succeeds when nothing is under way any more.
    package func whenDone() -> EventLoopFuture<Void> {
        let promise = self.eventLoop.makePromise(of: Void.self)
        self.waiting.append(promise)
        self.tellWhoWaits()
        return promise.futureResult
    }

    private func tellWhoWaits() {
        guard self.running == 0 else { return }
        let waiting = self.waiting
        self.waiting = []
        for promise in waiting { promise.succeed() }
    }
}

@available(*, unavailable)
extension DetachedWork: Sendable {}
