package import NIOCore

/// Where Redis is, who we are there, and how long we wait.
package struct RedisConfiguration: Sendable {
    /// Where the server listens.
    package enum Address: Hashable, Sendable {
        /// A name or an IP address without brackets, and a port.
        case tcp(host: String, port: Int)
        /// The path of a Unix domain socket.
        case unix(path: String)
    }

    /// What stands behind the address.
    package enum Topology: Equatable, Sendable {
        /// One server.
        case standalone
        /// The Sentinels at `seeds` know where the primary of this name is.
        case sentinel(primary: String)
        /// The nodes at `seeds` know which of them has which key.
        case cluster
    }

    /// The server; with Sentinel and Cluster the first of `seeds`.
    package var address: Address
    package var topology = Topology.standalone
    /// The Sentinels, or the nodes of the cluster, that are asked first. Empty for one server.
    package var seeds: [Address] = []
    /// Who we are to the Sentinels, which have users of their own.
    package var sentinelUser: String?
    package var sentinelPassword: String?
    /// Nil: no TLS.
    package var tls: RedisTLS?
    /// The ACL user; nil is the server's user `default`. Of use only with a password.
    package var user: String?
    /// Nil: no `AUTH`.
    package var password: String?
    /// Asked again for each connection, so that a password that changes does not need a restart. Nil, or an answer of
    /// nil: `password`.
    package var rereadPassword: (@Sendable () -> String?)?
    /// The number of the database, 0 unless told otherwise.
    package var database = 0
    /// The name we have in `CLIENT LIST`.
    package var clientName = "gatehouse"
    /// The longest an answer may take, and the longest a command waits for a connection that was lost.
    package var commandTimeout = TimeAmount.milliseconds(50)
    /// The longest a connection may take to stand, TLS and `AUTH` included; the longest a command waits for the first
    /// one; and how long a connection may be silent after an answer was due before it is given up.
    package var connectTimeout = TimeAmount.seconds(2)
    /// How soon we come back after a failure.
    package var backoff = Backoff()
    /// The most commands that wait for a connection, and the most that wait for their answers on one.
    package var maximumPendingCommands = 10_000
    /// The longest answer, in bytes; a longer one ends the connection. At most 512 MiB.
    package var maximumReplyBytes = 16 * 1024 * 1024

    /// The server at `address`, with the defaults for all else.
    package init(address: Address) {
        self.address = address
    }
}

extension RedisConfiguration {
    /// Waiting times between attempts to connect: each twice the one before, less up to half of it by chance, so that
    /// many gateways do not come back to a restarted server in step.
    package struct Backoff: Equatable, Sendable {
        /// The wait after the first failure.
        package var minimum = TimeAmount.milliseconds(50)
        /// The wait is never longer.
        package var maximum = TimeAmount.seconds(1)

        package init(minimum: TimeAmount = .milliseconds(50), maximum: TimeAmount = .seconds(1)) {
            self.minimum = minimum
            self.maximum = maximum
        }

        /// The wait after so many failures in a row; next to none after 0, when a connection that lasted is lost.
        /// `chance` is between 0 and 1.
        package func delay(afterFailures failures: Int, chance: Double) -> TimeAmount {
            let chance = min(max(chance, 0), 1)
            guard failures > 0 else { return .nanoseconds(Int64(Double(self.minimum.nanoseconds / 10) * chance)) }
            let doublings = min(max(failures, 1) - 1, 32)
            let (doubled, overflow) = self.minimum.nanoseconds.multipliedReportingOverflow(by: 1 << Int64(doublings))
            let longest = overflow ? self.maximum.nanoseconds : min(doubled, self.maximum.nanoseconds)
            return .nanoseconds(longest - Int64(Double(longest / 2) * chance))
        }
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The addresses and the database; no user, no password.
    package var description: String {
        let addresses = self.seeds.isEmpty ? [self.address] : self.seeds
        let places = addresses.map(\.description).joined(separator: ",")
        return switch self.topology {
        case .standalone: "\(places), database \(self.database)"
        case .sentinel(let primary): "\(primary) of the Sentinels \(places), database \(self.database)"
        case .cluster: "the cluster of \(places)"
        }
    }
    package var debugDescription: String { self.description }
    /// Empty, so that `dump` does not print the password either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension RedisConfiguration.Address: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }
}
