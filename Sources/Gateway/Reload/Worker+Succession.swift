import NIOCore

/// How a worker hands over, and how it ends.
extension Worker {
    /// The last of those who came after this one.
    var latest: Worker? {
        guard var latest = self.successor else { return nil }
        while let next = latest.successor { latest = next }
        return latest
    }

    /// From now on the successor takes what comes. Connections go over as soon as nothing runs on them; the future
    /// succeeds when the last has, or has closed.
    func handOver(to successor: Worker) -> EventLoopFuture<Void> {
        self.successor = successor
        successor.siblings = self.siblings
        let promise = self.drained ?? self.eventLoop.makePromise(of: Void.self)
        self.drained = promise
        for connection in self.connections.values { connection.follow(successor) }
        self.upstreams.handOver(to: successor.upstreams)
        // A refresh can begin after this worker is gone, for a browser that has left meanwhile.
        for party in self.parties { party.refresh.whenIdle = { [weak self] in self?.finishDraining() } }
        self.finishDraining()
        return promise.futureResult
    }

    /// Closes whatever is still open, and writes the last lines of the log.
    package func stop() {
        self.cutOff()
        self.retire()
        self.sessions.close()
    }

    /// Closes whatever is still open.
    func cutOff() {
        for connection in self.connections.values { connection.stop() }
        self.drained?.succeed()
    }

    /// Everything it began is over, and what the successor has not taken may go.
    func retire() {
        self.tick?.cancel()
        self.upstreams.closeIdle()
        self.sessions.retire(succeededBy: self.latest?.sessions)
        self.siblings = nil
        self.accessLog?.handOver()
    }
}
