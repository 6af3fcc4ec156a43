import Access
private import Synchronization

/// How many connections there are, in all and for each address: shared by all workers, and touched twice in a
/// connection's life, and only when there is a limit at all.
final class ConnectionLimits: Sendable {
    private struct Counts: Sendable {
        var all = 0
        var byAddress: [AddressGroup: Int] = [:]
    }

    private final class Connections: Sendable {
        let now = Mutex(Counts())
    }

    private let limit: Int
    private let limitPerAddress: Int
    /// Counted on from one configuration to the next.
    private let counts: Connections

    /// 0 is no limit; `nil` when neither is one.
    init?(_ limits: Configuration.Limits, succeeding predecessor: ConnectionLimits? = nil) {
        guard limits.connections > 0 || limits.connectionsPerAddress > 0 else { return nil }
        self.counts = predecessor?.counts ?? Connections()
        self.limit = limits.connections == 0 ? .max : limits.connections
        self.limitPerAddress = limits.connectionsPerAddress == 0 ? .max : limits.connectionsPerAddress
    }

    /// Counts a connection, or says which limit it would break.
    ///
    /// - Parameter address: `nil` for one who is not limited alone.
    func enter(_ address: AddressGroup?) -> Metrics.Limit? {
        self.counts.now.withLock { counts in
            guard counts.all < self.limit else { return .connections }
            if let address {
                let count = counts.byAddress[address, default: 0]
                guard count < self.limitPerAddress else { return .connectionsPerAddress }
                counts.byAddress[address] = count + 1
            }
            counts.all += 1
            return nil
        }
    }

    func leave(_ address: AddressGroup?) {
        self.counts.now.withLock { counts in
            counts.all -= 1
            guard let address, let count = counts.byAddress[address] else { return }
            counts.byAddress[address] = count > 1 ? count - 1 : nil
        }
    }
}

/// What counts as one address: an IPv4 address, or the network of an IPv6 one, whose other half its owner chooses freely.
struct AddressGroup: Hashable, Sendable {
    let text: String

    init(_ address: String) {
        guard address.utf8.contains(UInt8(ascii: ":")), let bytes = IPAddress(address)?.bytes, bytes.count == 16 else {
            self.text = address
            return
        }
        self.text = bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
    }
}
