import NIOCore
import NIOPosix
import NIOSSL

extension RedisConfiguration {
    /// A channel to `address` with TLS and a handler in it. With several addresses for a name NIO tries them, and makes
    /// a pipeline, several times.
    ///
    /// - Parameter resolved: what the name of `address` is known to stand for, when it must be that and no other.
    func openSocket(
        to address: Address,
        resolved: SocketAddress? = nil,
        on eventLoop: any EventLoop,
        _ makeHandler: @escaping @Sendable () -> some ChannelHandler
    ) -> EventLoopFuture<any Channel> {
        let tls = self.tls
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(self.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = tls.serverName ?? address.hostName
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls.context, serverHostname: name))
                    }
                    try pipeline.addHandler(makeHandler())
                }
            }
        switch address {
        case .unix(let path):
            return bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port):
            // Idle connections that a firewall forgets are found out before a request has to.
            let bootstrap = bootstrap.channelOption(.socketOption(.so_keepalive), value: 1)
            if let resolved = resolved ?? (try? SocketAddress(ipAddress: host, port: port)) {
                return bootstrap.connect(to: resolved)
            }
            return bootstrap.connect(host: host, port: port)
        }
    }
}

extension RedisConfiguration.Address {
    /// The name to ask for in TLS; an IP address is none (RFC 6066 section 3).
    fileprivate var hostName: String? {
        guard case .tcp(let host, _) = self, (try? SocketAddress(ipAddress: host, port: 0)) == nil else { return nil }
        return host
    }
}

extension RedisError {
    /// What the socket or the TLS library reports.
    init(socket error: any Error) {
        switch error {
        case let error as RedisError:
            self = error
        case NIOSSLError.handshakeFailed, is NIOSSLExtraError:
            self = .tls(String(describing: error))
        case ChannelError.connectTimeout:
            self = .timeout
        default:
            self = .connectionLost(String(describing: error))
        }
    }
}
