import NIOCore
import NIOHTTP2

/// How a connection of HTTP/2 ends, so that its client knows of each request whether it may send it again (RFC 9113, 6.8):
/// first it hears that the end is near, and then which stream was the last that we have looked at.
struct Farewell {
    /// The last one the client has opened.
    var lastStream = HTTP2StreamID.rootStream
    private var announcedAt: NIODeadline?
    /// Whether the last word has been said.
    private(set) var hasEnded = false

    /// A GOAWAY that names the last stream there could be; `nil` when it has been sent already.
    mutating func announce(_ now: NIODeadline) -> ByteBuffer? {
        guard self.announcedAt == nil, !self.hasEnded else { return nil }
        self.announcedAt = now
        return ByteBuffer(bytes: Self.announcement)
    }

    /// Length, type, flags, the connection's own stream; 2^31 - 1, and no error.
    private static let announcement: [UInt8] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]

    /// Whether the client has had the time to hear of it, and what it sent before that to arrive.
    func hasArrived(_ now: NIODeadline) -> Bool {
        self.announcedAt.map { now >= $0 + Worker.arrivalGrace } ?? false
    }

    /// The stream that the last word names; `nil` when it has been said.
    mutating func end() -> HTTP2StreamID? {
        guard !self.hasEnded else { return nil }
        self.hasEnded = true
        return self.lastStream
    }
}
