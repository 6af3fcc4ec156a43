import JSON
import LogtoStandIn
import NIOCore
import NIOPosix

/// An answer as a client sees it.
struct Answer: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; null when it is none.
    var json: JSON { (try? JSON.parse(body)) ?? .null }

    /// The `error` of a refusal.
    var error: String? { json["error"]?.stringValue }

    var location: String { header("location") ?? "" }
}

/// The least HTTP client that will do: one connection for each request, read to its end.
enum Wire {
    static func send(
        _ method: String,
        _ target: String,
        port: Int,
        headers: [(name: String, value: String)] = [],
        body: String = ""
    ) async throws -> Answer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let everything = loop.makePromise(of: [UInt8].self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(everything))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        var text = "\(method) \(target) HTTP/1.1\r\n"
        if !headers.contains(where: { $0.name.lowercased() == "host" }) { text += "Host: 127.0.0.1:\(port)\r\n" }
        for header in headers { text += "\(header.name): \(header.value)\r\n" }
        text += "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        try await channel.writeAndFlush(channel.allocator.buffer(string: text)).get()
        return answer(try await everything.futureResult.get())
    }

    private static func answer(_ bytes: [UInt8]) -> Answer {
        let end = Array("\r\n\r\n".utf8)
        guard let gap = bytes.firstRange(of: end) else { return Answer(status: 0, headers: [], body: bytes) }
        let lines = String(decoding: bytes[..<gap.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let status = lines.first.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
        let headers = lines.dropFirst().map { line in
            let name = line.prefix { $0 != ":" }
            return (name: String(name), value: String(line.dropFirst(name.count + 2)))
        }
        return Answer(status: status, headers: headers, body: Array(bytes[gap.upperBound...]))
    }
}

/// Keeps what arrives until the other side closes.
private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let everything: EventLoopPromise<[UInt8]>
    private var bytes: [UInt8] = []

    init(_ everything: EventLoopPromise<[UInt8]>) {
        self.everything = everything
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
    }

    func channelInactive(context: ChannelHandlerContext) {
        everything.succeed(bytes)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
