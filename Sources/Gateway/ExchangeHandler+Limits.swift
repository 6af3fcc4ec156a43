import Access
import NIOCore
import NIOHTTP1

/// What is too much, and is refused: each with a status of its own, and counted.
extension ExchangeHandler {
    /// Called once, when the connection is there. One too many is told so and closed; on HTTP/2 each request is told.
    func checkConnectionLimits() {
        guard !self.arrival.isHTTP2, let refusal = self.arrival.refusal else { return }
        self.failWithoutRequest(refusal)
    }

    /// What is wrong with the connection that a request has come by.
    func checkArrival() throws(Fault) {
        if let refusal = self.arrival.refusal { throw refusal }
    }

    /// The body as the request announces it; one without a length is measured while it comes.
    func checkBodyLimit(_ plan: UpstreamPlan) -> Bool {
        self.bodyLimit = plan.bodyLimit
        guard case .length(let length) = self.head.framing, length > plan.bodyLimit else { return true }
        self.exchange.lastExchange()
        self.fail(.bodyAboveLimit)
        return false
    }
}

extension Fault {
    /// The limit that a request has broken, where the status alone tells.
    var limit: Metrics.Limit? {
        switch self.status {
        case .payloadTooLarge: .body
        case .uriTooLong, .requestHeaderFieldsTooLarge: .header
        case .requestTimeout: .slow
        default: nil
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
        if let limit = limits.enter(group) {
            worker.metrics.count(limit)
            self.refusal = limit == .connections ? .tooManyConnections : .tooManyConnectionsOfOneAddress
            return
        }
        channel.closeFuture.whenComplete { _ in limits.leave(group) }
    }
}
