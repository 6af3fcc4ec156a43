import NIOCore

/// In HTTP/2, whose frames are simple enough for one small request (RFC 9113, 4.1): each with a stream of its own.
final class HTTP2AskingHandler: Asking, ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private let fields: [(String, String)]
    private var stream: UInt32 = 0
    private var received = ByteBuffer()
    private var turns = AskingTurns()

    init(_ fields: [(String, String)]) {
        self.fields = fields
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        var opening = ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        opening.writeImmutableBuffer(Self.frame(type: 4, flags: 0, stream: 0, ByteBuffer()))
        context.writeAndFlush(self.wrapOutboundOut(opening), promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.turns.fail(ChannelError.eof)
    }

    func begin(times: Int) -> EventLoopFuture<Void> {
        let end = self.turns.begin(times, self.context)
        self.ask()
        return end
    }

    private func ask() {
        self.stream += self.stream == 0 ? 1 : 2
        // END_STREAM and END_HEADERS.
        let request = Self.frame(type: 1, flags: 5, stream: self.stream, self.section)
        self.context?.writeAndFlush(self.wrapOutboundOut(request), promise: nil)
    }

    /// Each field as a literal that stays out of the table (RFC 7541, 6.2.2).
    private var section: ByteBuffer {
        var section = ByteBuffer()
        for (name, value) in self.fields {
            section.writeInteger(UInt8(0))
            Self.write(name, to: &section)
            Self.write(value, to: &section)
        }
        return section
    }

    private static func write(_ text: String, to section: inout ByteBuffer) {
        let count = text.utf8.count
        if count < 127 {
            section.writeInteger(UInt8(count))
        } else {
            section.writeBytes([127, UInt8((count - 127) & 127 | 128), UInt8((count - 127) >> 7)])
        }
        section.writeString(text)
    }

    private static func frame(type: UInt8, flags: UInt8, stream: UInt32, _ payload: ByteBuffer) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(UInt8(0))
        frame.writeInteger(UInt16(payload.readableBytes))
        frame.writeInteger(type)
        frame.writeInteger(flags)
        frame.writeInteger(stream)
        frame.writeImmutableBuffer(payload)
        return frame
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received.writeImmutableBuffer(self.unwrapInboundIn(data))
        while let length = self.received.getInteger(at: self.received.readerIndex + 1, as: UInt16.self),
            var frame = self.received.readSlice(length: Int(length) + 9)
        {
            frame.moveReaderIndex(forwardBy: 3)
            guard let head = frame.readMultipleIntegers(as: (UInt8, UInt8, UInt32).self) else { return }
            let (type, flags, stream) = head
            guard stream == self.stream, type == 0 || type == 1 else { continue }
            // ":status: 200" has a number (RFC 7541, appendix A).
            if type == 1, frame.readInteger(as: UInt8.self) != 0x88 {
                self.turns.fail(Browser.Refused(answer: "\(frame)"))
                return context.close(promise: nil)
            }
            if flags & 1 == 1, self.turns.answered() { self.ask() }
        }
        self.received.discardReadBytes()
    }
}
