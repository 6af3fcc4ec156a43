import NIOCore
import NIOHTTP1

/// NIO's request decoder, which also says when the first byte of a head has come: from then on the head's time runs.
struct RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private let base: HTTPRequestDecoder
    private let bytesArrived: () -> Void

    init(limits: Configuration.Limits, bytesArrived: @escaping () -> Void) {
        self.base = HTTPRequestDecoder(
            leftOverBytesStrategy: .dropBytes,
            informationalResponseStrategy: .drop,
            limitConfiguration: .gatewayRequests(limits)
        )
        self.bytesArrived = bytesArrived
    }

    func decoderAdded(context: ChannelHandlerContext) {
        self.base.decoderAdded(context: context)
    }

    func decoderRemoved(context: ChannelHandlerContext) {
        self.base.decoderRemoved(context: context)
    }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        self.bytesArrived()
        return try self.base.decode(context: context, buffer: &buffer)
    }

    func decodeLast(
        context: ChannelHandlerContext,
        buffer: inout ByteBuffer,
        seenEOF: Bool
    ) throws -> DecodingState {
        try self.base.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}
