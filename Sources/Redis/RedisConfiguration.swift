package import NIOCore
internal import NIOSSL

/// Where Redis is, who we are there, and how long we wait.
package struct RedisConfiguration: Sendable {
    /// Where the server listens.
    package enum Address: Equatable, Sendable {
        /// A name or an IP address without brackets, and a port.
        case tcp(host: String, port: Int)
        /// The path of a Unix domain socket.
        case unix(path: String)
    }

    package var address: Address
    /// Nil: no TLS.
    package var tls: RedisTLS?
    /// The ACL user; nil is the server's user `default`. Of use only with a password.
    package var user: String?
    /// Nil: no `AUTH`.
    package var password: String?
    /// The number of the database, 0 unless told otherwise.
    package var database = 0
    /// The name we have in `CLIENT LIST`.
    package var clientName = "gatehouse"
    /// The longest an answer may take. A later one ends the connection: it could be taken for another command's.
    package var commandTimeout = TimeAmount.milliseconds(500)
    /// The longest a connection may take to stand, TLS and `AUTH` included, and the longest a command waits for one.
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
        package var maximum = TimeAmount.seconds(2)

        package init(minimum: TimeAmount = .milliseconds(50), maximum: TimeAmount = .seconds(2)) {
            self.minimum = minimum
            self.maximum = maximum
        }

        /// The wait after so many failures in a row. `chance` is between 0 and 1.
        package func delay(afterFailures failures: Int, chance: Double) -> TimeAmount {
            let doublings = min(max(failures, 1) - 1, 32)
            let (doubled, overflow) = self.minimum.nanoseconds.multipliedReportingOverflow(by: 1 << Int64(doublings))
            let longest = overflow ? self.maximum.nanoseconds : min(doubled, self.maximum.nanoseconds)
            return .nanoseconds(longest - Int64(Double(longest / 2) * min(max(chance, 0), 1)))
        }
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The address and database; no user, no password.
    package var description: String { "\(self.address), database \(self.database)" }
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

/// How we know that it is our Redis: TLS 1.2 or later, the certificate and the name in it checked.
package struct RedisTLS: Sendable {
    /// The name the certificate must have. Nil: the host of the address.
    package let serverName: String?
    /// Made once and shared by all connections: it holds every authority, which is a good deal of memory.
    let context: NIOSSLContext

    /// `caFile`: PEM file with the authorities we trust; nil: the system's.
    /// Throws ``RedisError/configuration(_:)`` when the file cannot be read or has no certificate.
    package init(caFile: String? = nil, serverName: String? = nil) throws(RedisError) {
        if let serverName, (try? SocketAddress(ipAddress: serverName, port: 0)) != nil {
            // TLS has no place for an address there; without a name the address connected to is what is checked.
            throw .configuration("the server name is a name, not an IP address")
        }
        self.serverName = serverName
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        do {
            if let caFile {
                let authorities = try NIOSSLCertificate.fromPEMFile(caFile)
                guard !authorities.isEmpty else { throw RedisError.configuration("the CA file has no certificate") }
                configuration.trustRoots = .certificates(authorities)
            }
            self.context = try NIOSSLContext(configuration: configuration)
        } catch let error as RedisError {
            throw error
        } catch {
            throw .configuration("the CA file cannot be read as PEM certificates")
        }
    }
}
