import NIOCore
import NIOHPACK
import NIOHTTP2

/// The body of an HTTP/1.1 message, as this gateway writes it, as the frames that end a stream.
struct FrameBody {
    private var reader: BodyReader
    /// Held back by one, so that the last piece can carry the stream's end.
    private var pending: ByteBuffer?
    /// Whether the frame with the stream's end has been written.
    private(set) var hasEnded = false

    init(_ framing: Framing) {
        self.reader = BodyReader(framing)
    }

    /// Takes what there is of the body out of the buffer, and adds the frames it makes.
    mutating func write(
        _ buffer: inout ByteBuffer,
        to frames: inout [HTTP2Frame.FramePayload]
    ) throws(MessageError) {
        while !self.hasEnded, let event = try self.reader.next(&buffer) {
            switch event {
            case .body(let piece):
                self.writePending(to: &frames)
                self.pending = piece
            case .end(let trailers):
                self.end(trailers, to: &frames)
            }
        }
        self.writePending(to: &frames)
    }

    private mutating func writePending(to frames: inout [HTTP2Frame.FramePayload]) {
        guard let piece = self.pending else { return }
        self.pending = nil
        frames.append(.data(.init(data: .byteBuffer(piece))))
    }

    private mutating func end(_ trailers: Trailers?, to frames: inout [HTTP2Frame.FramePayload]) {
        self.hasEnded = true
        guard let trailers else {
            frames.append(.data(.init(data: .byteBuffer(self.pending ?? ByteBuffer()), endStream: true)))
            self.pending = nil
            return
        }
        self.writePending(to: &frames)
        var section = HPACKHeaders()
        for field in trailers.fields { section.add(field, of: trailers.bytes) }
        frames.append(.headers(.init(headers: section, endStream: true)))
    }
}
