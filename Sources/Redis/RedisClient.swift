package import NIOCore

/// Something that carries commands to Redis and answers back, on one event loop.
///
/// Behind it is one server, the primary that Sentinels name, or a cluster; see ``RedisConfiguration/client(on:onEvent:)``.
package protocol RedisClient: AnyObject {
    /// Whether a command sent now goes straight to a server.
    var isReady: Bool { get }

    /// Connects, if that has not begun.
    func start()

    /// Sends a command. The completion is called once, possibly before `send` returns; a command that failed may have
    /// been carried out all the same.
    func send(_ command: RedisCommand, _ completion: @escaping RedisConnection.Completion)

    /// Closes for good.
    func close()
}

extension RedisConfiguration {
    /// A client for what this configuration describes, not begun yet. Called on `eventLoop`.
    package func client(
        on eventLoop: any EventLoop,
        onEvent: @escaping (RedisConnectionEvent) -> Void = { _ in }
    ) -> any RedisClient {
        switch self.topology {
        case .standalone, .sentinel:
            RedisConnection(configuration: self, eventLoop: eventLoop, onEvent: onEvent)
        case .cluster:
            RedisCluster(configuration: self, eventLoop: eventLoop, onEvent: onEvent)
        }
    }
}
