import Access
import NIOCore

/// What is too much, and is refused: each with a status of its own, and counted.
extension ExchangeHandler {
    /// Called once, when the connection is there. One too many is told so and closed; on HTTP/2 each request is told.
    func checkConnectionLimits() {
        guard let arrival, !arrival.isHTTP2, let refusal = arrival.refusal else { return }
        self.failWithoutRequest(refusal.fault)
    }

    /// What is wrong with the connection that a request has come by.
    func checkArrival() throws(Fault) {
        if let refusal = self.arrival?.refusal { throw refusal.fault }
    }

    func refuse(_ limit: Metrics.Limit) {
        self.worker.metrics.count(limit)
        if self.exchange.isIdle { self.failWithoutRequest(limit.fault) } else { self.fail(limit.fault) }
    }

    /// The body as the request announces it; one without a length is measured while it comes.
    func checkBodyLimit(_ plan: UpstreamPlan) -> Bool {
        self.bodyLimit = plan.bodyLimit
        guard case .length(let length) = self.head.framing, length > plan.bodyLimit else { return true }
        self.exchange.lastExchange()
        self.refuse(.body)
        return false
    }
}

extension Metrics.Limit {
    fileprivate var fault: Fault {
        switch self {
        case .connections: .tooManyConnections
        case .connectionsPerAddress: .tooManyConnectionsOfOneAddress
        case .signIns: .tooManySignIns
        case .body: .bodyAboveLimit
        }
    }
}

extension Arrival {
    /// Counts the connection, until it closes; or takes note that it is one too many.
    func enter(_ channel: any Channel, on worker: Worker) {
        guard let limits = worker.settings.connectionLimits else { return }
        // A proxy that we trust speaks for many, and so may whoever comes through a socket of this machine.
        let isCounted = IPAddress(self.peer) != nil && !self.isTrusted(by: worker.settings.configuration.server)
        let group = isCounted ? AddressGroup(self.peer) : nil
        self.refusal = limits.enter(group)
        if let refusal { return worker.metrics.count(refusal) }
        channel.closeFuture.whenComplete { _ in limits.leave(group) }
    }
}
