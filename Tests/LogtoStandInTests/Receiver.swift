import LogtoStandIn
import NIOPosix
import Synchronization

/// Somebody whom the stand-in calls: remembers what came, and answers as told.
final class Receiver: Sendable {
    private let seen = Mutex<[Request]>([])
    private let server: HTTPServer

    var requests: [Request] { seen.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(server.port)/hook" }

    private init(_ box: Box, _ server: HTTPServer) {
        self.server = server
        box.receiver.withLock { $0 = self }
    }

    /// The server asks before there is a receiver to remember; this is where it finds one.
    private final class Box: Sendable {
        let receiver = Mutex<Receiver?>(nil)
    }

    static func start(_ delivery: Delivery = Delivery(Response(status: 200))) async throws -> Receiver {
        let box = Box()
        let server = try await HTTPServer.start(
            address: "127.0.0.1",
            port: 0,
            on: MultiThreadedEventLoopGroup.singleton.next(),
            maximumBody: 1 << 20
        ) { request in
            box.receiver.withLock { $0 }?.seen.withLock { $0.append(request) }
            return delivery
        }
        return Receiver(box, server)
    }
}
