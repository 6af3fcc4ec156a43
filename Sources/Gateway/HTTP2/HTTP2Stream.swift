import NIOCore
import NIOHTTP2

/// Streams of a browser's HTTP/2 connection, one after another, in front of an `ExchangeHandler`: frames in, frames out,
/// and between them the one reading that requests have here. To the exchanges it is what an HTTP/1.1 connection is that is
/// kept alive; a stream that ends in any other way takes it along.
final class HTTP2Stream: Downstream {
    private let connection: HTTP2Connection
    let exchange: ExchangeHandler
    private var id = HTTP2StreamID.rootStream

    /// `nil` until the request's head has come.
    private var body: BodyTranslation?
    private var response = ResponseTranslation()
    /// Whether the stream is over: nothing is read or written.
    private var isOver = false

    /// What has come while the exchange wanted nothing. The window keeps it small.
    private var waiting = CircularBuffer<HTTP2Frame.FramePayload>()
    private var isTaking = false
    private var window = InboundWindow()

    /// What has been written and not yet sent, and whether that is too much.
    private var unsentBytes = 0
    /// How often the client has made room for more of this stream. Room for all of them is no sign that this one is read.
    private var windowUpdates = 0
    private var isFull = false
    private static let highWatermark = 64 << 10
    private static let lowWatermark = 16 << 10

    init(connection: HTTP2Connection, exchange: ExchangeHandler) {
        self.connection = connection
        self.exchange = exchange
    }

    /// A stream has been opened.
    func begin(_ id: HTTP2StreamID) {
        self.id = id
        self.isOver = false
        self.unsentBytes = 0
        self.windowUpdates = 0
        self.isFull = false
        self.exchange.begin(on: self)
    }

    /// The stream is closed. What has been said on it in full stays until the turn of the loop is over; who still waits for
    /// something hears of it at once.
    func closed() {
        self.isOver = true
        if !self.isComplete { self.end() }
    }

    /// Whether both sides have said what they had to.
    private var isComplete: Bool { self.response.hasEnded && self.body?.hasEnded ?? false }

    /// The stream has been closed. Returns whether another one may come here: nothing of this one is left.
    func rest() -> Bool {
        guard self.isComplete, self.exchange.rest() else {
            self.end()
            return false
        }
        self.body = nil
        self.response.reset()
        self.waiting.removeAll(keepingCapacity: true)
        self.window = InboundWindow()
        return true
    }

    /// Ends the stream for good.
    func end() {
        self.isOver = true
        guard self.exchange.downstream != nil else { return }
        self.exchange.downstreamClosed()
        self.exchange.downstream = nil
    }

    // MARK: The request

    func received(_ payload: HTTP2Frame.FramePayload) {
        switch payload {
        case .data(let frame):
            self.window.received(frame.data.readableBytes)
            if frame.endStream { self.window.isClosed = true }
        case .headers(let frame): if frame.endStream { self.window.isClosed = true }
        case .windowUpdate:
            self.windowUpdates &+= 1
            return
        default: return
        }
        self.waiting.append(payload)
        self.read()
    }

    func windowChanged(to size: Int) {
        self.grow(self.window.changed(to: size))
    }

    private func grow(_ increment: Int?) {
        guard let increment, !self.isOver else { return }
        self.connection.write(.windowUpdate(windowSizeIncrement: increment), on: self.id)
        self.connection.flushSoon()
    }

    func read() {
        guard !self.isTaking else { return }
        self.isTaking = true
        while !self.isOver, !self.waiting.isEmpty, self.exchange.wantsToRead() {
            self.take(self.waiting.removeFirst())
        }
        self.isTaking = false
    }

    private func take(_ payload: HTTP2Frame.FramePayload) {
        self.connection.willEndBurst(self)
        switch payload {
        case .headers(let frame):
            do throws(RequestTranslation.Malformed) {
                if self.body == nil {
                    try self.readHead(frame)
                } else {
                    let allocator = self.connection.allocator
                    self.end(trailers: try RequestTranslation.trailers(frame.headers, allocator: allocator))
                }
            } catch {
                self.connection.refused(error)
                self.reset(.protocolError)
            }
        case .data(let frame):
            guard case .byteBuffer(let bytes) = frame.data else { return }
            let count = bytes.readableBytes
            guard let pieces = self.body?.data(bytes) else { return self.reset(.protocolError) }
            for piece in pieces { self.exchange.received(piece) }
            self.grow(self.window.taken(count))
            if frame.endStream { self.end(trailers: nil) }
        default: break
        }
    }

    private func readHead(_ frame: HTTP2Frame.FramePayload.Headers) throws(RequestTranslation.Malformed) {
        let request = try RequestTranslation(
            frame.headers,
            endsStream: frame.endStream,
            allocator: self.connection.allocator
        )
        var body = request.isTunnel ? .tunnel : BodyTranslation(request.framing)
        // What is answered at once is answered to the whole request. Its head has said that there is no more.
        if frame.endStream { _ = body.end(trailers: nil) }
        self.body = body
        self.response.isHEAD = request.isHEAD
        self.response.isTunnel = request.isTunnel
        self.exchange.received(request.head)
    }

    private func end(trailers: ByteBuffer?) {
        // What was read before may have ended it all.
        guard !self.isOver else { return }
        guard let pieces = self.body?.end(trailers: trailers) else { return self.reset(.protocolError) }
        for piece in pieces { self.exchange.received(piece) }
        // The end of one half of a tunnel is what it is on a connection of its own.
        if self.response.isTunnel { self.exchange.downstreamEndedItsHalf() }
    }

    /// The stream's end, said by us (RFC 9113, 5.4.2).
    private func reset(_ code: HTTP2ErrorCode) {
        guard !self.isOver else { return }
        self.isOver = true
        self.connection.write(.rstStream(code), on: self.id)
        self.connection.flushSoon()
    }

    // MARK: The answer

    var isWritable: Bool { !self.isFull && self.connection.isWritable }

    var unsent: Unsent? {
        guard !self.isOver, self.unsentBytes > 0 else { return nil }
        return Unsent(bytes: self.unsentBytes, windowUpdates: self.windowUpdates)
    }

    func write(_ bytes: ByteBuffer) {
        guard !self.isOver else { return }
        do {
            let frames = try self.response.frames(of: bytes)
            for (index, frame) in frames.enumerated() {
                let isLast = self.response.hasEnded && index == frames.count - 1
                // With the last one the stream is over: nobody has to be told that it is sent.
                if isLast, case .data(let data) = frame { self.unsentBytes += data.data.readableBytes }
                let promise = isLast ? self.promiseToStop() : self.promiseToCount(frame)
                self.connection.write(frame, on: self.id, promise: promise)
            }
        } catch {
            self.reset(.internalError)
        }
    }

    func flush() {
        self.connection.flushSoon()
    }

    /// When the answer is out and the request is not yet here: nobody wants its rest (RFC 9113, 8.1). Not sooner: what waits
    /// to be sent on a stream is dropped when the stream is reset.
    private func promiseToStop() -> EventLoopPromise<Void>? {
        guard !(self.body?.hasEnded ?? true) else { return nil }
        let id = self.id
        return self.connection.promise {
            if self.id == id, !(self.body?.hasEnded ?? true) { self.reset(.noError) }
        }
    }

    /// Counts what has not been sent yet.
    private func promiseToCount(_ frame: HTTP2Frame.FramePayload) -> EventLoopPromise<Void>? {
        guard case .data(let data) = frame else { return nil }
        let count = data.data.readableBytes
        self.unsentBytes += count
        if self.unsentBytes > Self.highWatermark { self.isFull = true }
        let id = self.id
        return self.connection.promise {
            guard self.id == id else { return }
            self.unsentBytes -= count
            guard self.isFull, self.unsentBytes < Self.lowWatermark else { return }
            self.isFull = false
            self.becameWritable()
        }
    }

    func becameWritable() {
        if self.isWritable, !self.isOver { self.exchange.downstreamBecameWritable() }
    }

    /// A stream's end is in its frames: there is no half to close, but a tunnel's.
    func endOutput() {
        guard !self.isOver, let end = self.response.endOfTunnel() else { return }
        self.connection.write(end, on: self.id)
        self.connection.flushSoon()
    }

    func abort() {
        self.reset(self.response.hasEnded ? .cancel : .internalError)
    }
}

@available(*, unavailable)
extension HTTP2Stream: Sendable {}
