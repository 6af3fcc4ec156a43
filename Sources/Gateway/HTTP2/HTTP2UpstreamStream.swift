import NIOCore
import NIOHPACK
import NIOHTTP2

/// One stream to an upstream that speaks HTTP/2, behind an `UpstreamHandler` of its own: the request goes out as frames, the
/// answer comes in as the HTTP/1.1 message that every upstream's answer is read from.
final class HTTP2UpstreamStream: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let connection: HTTP2UpstreamConnection
    private let scheme: String
    private var requestHead = HeadReader(limits: .responses)
    /// `nil` while the request's head is expected.
    private var request: FrameBody?
    private var buffer = ByteBuffer()
    /// `nil` until the answer's final head has come.
    private var response: BodyTranslation?
    private var isOver = false

    init(connection: HTTP2UpstreamConnection, isTLS: Bool) {
        self.connection = connection
        self.scheme = isTLS ? "https" : "http"
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.leave()
        context.fireChannelInactive()
    }

    /// The stream is over, or has never begun. Told once.
    func leave() {
        guard !self.isOver else { return }
        self.isOver = true
        self.connection.streamClosed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let closed = error as? NIOHTTP2Errors.StreamClosed,
            closed.errorCode == .refusedStream || self.connection.hasLeft(without: closed.streamID)
        {
            return context.fireErrorCaught(UpstreamRefusal())
        }
        context.fireErrorCaught(error)
    }

    // MARK: The request

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var bytes = self.unwrapOutboundIn(data)
        if self.buffer.readableBytes == 0 { self.buffer = bytes } else { self.buffer.writeBuffer(&bytes) }
        var frames: [HTTP2Frame.FramePayload] = []
        do {
            if self.request == nil {
                guard try self.requestHead.read(&self.buffer) else { return }
                try self.readHead(to: &frames)
            }
            try self.request?.write(&self.buffer, to: &frames)
            if self.buffer.readableBytes == 0 { self.buffer = ByteBuffer() }
            for frame in frames { context.write(self.wrapOutboundOut(frame), promise: nil) }
            promise?.succeed()
        } catch {
            promise?.fail(error)
            context.close(promise: nil)
        }
    }

    private func readHead(to frames: inout [HTTP2Frame.FramePayload]) throws {
        let head = self.requestHead
        let line = String(decoding: head.bytes[head.startLineStart..<head.startLineEnd], as: UTF8.self)
        let words = line.split(separator: " ")
        guard words.count == 3 else { throw MessageError.malformed("not a request line") }
        let (method, path) = (String(words[0]), String(words[1]))
        var section = HPACKHeaders([(":method", method), (":scheme", self.scheme), (":path", path)])
        var rest = HPACKHeaders()
        var framing = Framing.none
        var isGRPC = false
        let bytes = head.bytes.span
        for field in head.fields {
            let name = bytes.extracting(field.name)
            let value = bytes.extracting(field.value)
            if equalIgnoringCase(name, "host") {
                section.add(name: ":authority", value: String(decoding: head.bytes[field.value], as: UTF8.self))
                continue
            }
            if equalIgnoringCase(name, "content-length") { framing = .length(decimal(value) ?? 0) }
            if equalIgnoringCase(name, "transfer-encoding") { framing = .chunked }
            if equalIgnoringCase(name, "content-type") { isGRPC = RequestHead.isGRPC(value) }
            rest.add(field, of: head.bytes)
        }
        // A server of gRPC wants to be told that what it says last is heard.
        if isGRPC { rest.add(name: "te", value: "trailers") }
        section.add(contentsOf: rest)
        let isEmpty = framing == .none || framing == .length(0)
        frames.append(.headers(.init(headers: section, endStream: isEmpty)))
        self.request = FrameBody(framing)
        var nothing: [HTTP2Frame.FramePayload] = []
        // The end of an empty body has been told already.
        if isEmpty { try self.request?.write(&self.buffer, to: &nothing) }
    }

    // MARK: The answer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .headers(let frame):
            if self.response == nil { self.begin(context, frame) } else { self.end(context, trailers: frame.headers) }
        case .data(let frame):
            guard case .byteBuffer(let bytes) = frame.data else { return }
            guard let pieces = self.response?.data(bytes) else { return context.close(promise: nil) }
            for piece in pieces { context.fireChannelRead(self.wrapInboundOut(piece)) }
            if frame.endStream { self.end(context, trailers: nil) }
        case .alternativeService, .goAway, .origin, .ping, .priority, .pushPromise, .rstStream, .settings,
            .windowUpdate:
            break
        }
    }

    private func begin(_ context: ChannelHandlerContext, _ frame: HTTP2Frame.FramePayload.Headers) {
        var lines: [UInt8] = []
        var status = 0
        var length: Int?
        for (name, value, _) in frame.headers {
            if name.utf8.elementsEqual(":status".utf8) {
                status = decimal(value.utf8.span) ?? 0
                continue
            }
            if name.utf8.elementsEqual("content-length".utf8) { length = decimal(value.utf8.span) }
            lines += Array("\(name): \(value)\r\n".utf8)
        }
        guard (100...999).contains(status) else { return context.close(promise: nil) }
        var head = ByteBuffer(string: "HTTP/1.1 \(status) \r\n")
        head.writeBytes(lines)
        if status >= 200 {
            // Behind a counted body there is no place for trailers, so it comes in chunks all the same.
            self.response =
                frame.endStream ? BodyTranslation(.none) : BodyTranslation(chunksOfLength: length)
            if !frame.endStream { head.writeString("transfer-encoding: chunked\r\n") }
            if frame.endStream, length == nil { head.writeString("content-length: 0\r\n") }
            // A stream serves once.
            head.writeString("connection: close\r\n")
        }
        head.writeString("\r\n")
        context.fireChannelRead(self.wrapInboundOut(head))
        if frame.endStream { self.end(context, trailers: nil) }
    }

    private func end(_ context: ChannelHandlerContext, trailers: HPACKHeaders?) {
        let lines = trailers.map { section in
            ByteBuffer(string: section.map { "\($0.name): \($0.value)\r\n" }.joined() + "\r\n")
        }
        guard let pieces = self.response?.end(trailers: lines) else { return context.close(promise: nil) }
        for piece in pieces { context.fireChannelRead(self.wrapInboundOut(piece)) }
    }
}

@available(*, unavailable)
extension HTTP2UpstreamStream: Sendable {}

extension RequestHead {
    /// Whether a media type is one of gRPC's.
    static func isGRPC(_ contentType: Span<UInt8>) -> Bool {
        let prefix = "application/grpc"
        guard contentType.count >= prefix.utf8.count else { return false }
        return equalIgnoringCase(contentType.extracting(0..<prefix.utf8.count), prefix)
    }

    /// Whether this is a call of gRPC, which understands no other refusal than its own.
    var isGRPC: Bool {
        self.values(named: "content-type").contains { Self.isGRPC($0.utf8.span) }
    }
}
