import Access
import NIOCore

/// What is too much, and is refused: each with a status of its own, and counted.
extension ExchangeHandler {
    /// Called once, when the connection is there. One too many is told so and closed.
    func checkConnectionLimits() {
        guard let limits = self.worker.settings.connectionLimits else { return }
        let refused = limits.enter(self.group)
        self.isCounted = refused == nil
        guard let refused else { return }
        self.refuse(refused)
    }

    /// A proxy that we trust speaks for many, and so may whoever comes through a socket of this machine.
    private var group: AddressGroup? {
        self.peerIsTrusted || IPAddress(self.peer) == nil ? nil : AddressGroup(self.peer)
    }

    func leaveConnectionLimits() {
        guard self.isCounted else { return }
        self.isCounted = false
        self.worker.settings.connectionLimits?.leave(self.group)
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
