import Access
import Gateway
import NIOCore
import NIOPosix
import Synchronization

/// Stands where an application would, and keeps what arrives: the only way to know what reaches one.
final class Witness: Sendable {
    /// The heads of the requests that came, byte by byte.
    private let heads = Mutex<[[UInt8]]>([])

    /// Listens until the group is shut down.
    func listen(on address: Configuration.ListenAddress, group: MultiThreadedEventLoopGroup) async throws {
        _ = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(WitnessHandler { self.keep($0) })
                }
            }
            .bind(host: address.host, port: address.port)
            .get()
    }

    private func keep(_ head: [UInt8]) {
        self.heads.withLock { $0.append(head) }
    }

    /// The newest head in which a text stands.
    func head(with text: String) -> [UInt8]? {
        self.heads.withLock { heads in heads.last { $0.holds(Array(text.utf8)) } }
    }
}

extension [UInt8] {
    /// Whether a text stands in a field of this head which an application takes for the one of this name: in another
    /// field's value it says nothing.
    func says(_ text: String, under name: String) -> Bool {
        let folded = HeaderField.folded(name)
        return self.split(separator: UInt8(ascii: "\n")).contains { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), Array(line[colon...]).holds(Array(text.utf8))
            else { return false }
            let written = String(decoding: line[..<colon], as: UTF8.self).split(separator: " ").joined()
            return HeaderField.folded(written) == folded
        }
    }
}

/// Reads one head, answers, closes.
private final class WitnessHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let maximumBytes = 64 << 10
    private let keep: ([UInt8]) -> Void
    private var bytes: [UInt8] = []
    private var isDone = false

    init(keep: @escaping ([UInt8]) -> Void) {
        self.keep = keep
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isDone else { return }
        self.bytes += self.unwrapInboundIn(data).readableBytesView
        guard self.bytes.holds(Array("\r\n\r\n".utf8)) || self.bytes.count > Self.maximumBytes else { return }
        self.isDone = true
        self.keep(self.bytes)
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8\r\nConnection: close\r\n\r\nwitness\n"
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension WitnessHandler: Sendable {}
