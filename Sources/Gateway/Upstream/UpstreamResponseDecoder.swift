import NIOCore
import NIOHTTP1

/// NIO's response decoder without its ear for writes.
///
/// We write requests as bytes, so the decoder is told of each request by hand (`HTTPDecoder.write`), which it needs to
/// know that the answer to a `HEAD` has no body.
struct UpstreamResponseDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPClientResponsePart

    private let base: HTTPResponseDecoder

    init(_ base: HTTPResponseDecoder) {
        self.base = base
    }

    func decoderAdded(context: ChannelHandlerContext) {
        self.base.decoderAdded(context: context)
    }

    func decoderRemoved(context: ChannelHandlerContext) {
        self.base.decoderRemoved(context: context)
    }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        try self.base.decode(context: context, buffer: &buffer)
    }

    func decodeLast(
        context: ChannelHandlerContext,
        buffer: inout ByteBuffer,
        seenEOF: Bool
    ) throws -> DecodingState {
        try self.base.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}
