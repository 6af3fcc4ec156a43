import NIOCore
import NIOPosix
internal import NIOSSL

/// One address of this worker's upstreams, with its connections and its health.
final class UpstreamOrigin {
    let address: UpstreamAddress
    let tls: UpstreamTLS
    private let context: NIOSSLContext?
    /// The connections that wait, the most recently used last.
    var idle: [UpstreamHandler] = []
    /// Where HTTP/2 is spoken: connections that carry several exchanges at once.
    var multiplexed: [HTTP2UpstreamConnection] = []
    /// Connections that are leased, or streams of one.
    var busy = 0
    var health = UpstreamHealth()
    /// When the next active check is due, for each path that is asked for; in the distant future while one runs.
    var nextChecks: [String: NIODeadline] = [:]
    /// No configuration in force has it any more: what is leased ends when it is given back.
    var isAbandoned = false
    /// Names are resolved anew for each connection, and connections to a name do not live for ever; `nil` for an address.
    let nameLife: NameLife?
    /// Tells this address from another, the same in every process.
    let seed: UInt64

    init(_ address: UpstreamAddress, _ tls: UpstreamTLS, context: NIOSSLContext?) {
        self.address = address
        self.tls = tls
        self.context = context
        let isLiteral = (try? SocketAddress(ipAddress: address.host, port: address.port)) != nil
        self.nameLife = address.socketPath == nil && !isLiteral ? NameLife(of: address.host) : nil
        self.seed = stableHash(address.text.utf8)
    }

    /// Whether it goes on being right when the configuration has changed. Certificates may be others under the same name.
    func serves(_ address: UpstreamAddress, _ tls: UpstreamTLS) -> Bool {
        let hasFiles = tls.caFile != nil || tls.certificateFile != nil
        return !self.isAbandoned && self.address == address && self.tls == tls && !(address.isTLS && hasFiles)
    }

    /// Makes a connection, with whatever pipeline `prepare` puts behind TLS.
    func connect(
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        _ prepare: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let context = self.context
        let isInsecure = self.tls.isInsecure
        let serverName = self.tls.serverName(for: self.address)
        let speaksHTTP2 = self.address.speaksHTTP2
        var bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let context else { return try prepare(channel) }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverName))
                    let handshake = UpstreamHandshake(
                        name: isInsecure ? nil : serverName,
                        agreesOn: speaksHTTP2 ? "h2" : nil,
                        patience: timeout
                    )
                    try pipeline.addHandler(handshake)
                }
            }
        let connected: EventLoopFuture<any Channel>
        if let path = self.address.socketPath {
            connected = bootstrap.connect(unixDomainSocketPath: path)
        } else {
            bootstrap = bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
            if let literal = try? SocketAddress(ipAddress: self.address.host, port: self.address.port) {
                connected = bootstrap.connect(to: literal)
            } else {
                self.nameLife?.lookedUp(at: .now())
                connected = bootstrap.connect(host: self.address.host, port: self.address.port)
            }
        }
        guard context != nil else { return connected }
        return connected.flatMap { channel in Self.afterHandshake(channel, prepare) }
    }

    private static func afterHandshake(
        _ channel: any Channel,
        _ prepare: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let handshake = try? channel.pipeline.syncOperations.handler(type: UpstreamHandshake.self)
        // It is gone already when the handshake is over, or the connection is.
        guard let done = handshake?.done else {
            return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        return done.flatMapThrowing { () -> any Channel in
            try prepare(channel)
            return channel
        }
    }
}

@available(*, unavailable)
extension UpstreamOrigin: Sendable {}

/// FNV-1a, and a stir so that all bits depend on all bytes: the same in every process, which `Hasher` is not.
func stableHash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
    return hash ^ hash >> 33
}
