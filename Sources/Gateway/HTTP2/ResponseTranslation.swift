import NIOCore
import NIOHPACK
import NIOHTTP2

/// An HTTP/1.1 response, as this gateway writes it, as frames of a stream.
struct ResponseTranslation {
    private let head = ResponseHead(isOfStream: true)
    /// `nil` while the head is expected.
    private var body: FrameBody?
    private var buffer = ByteBuffer()
    /// Whether a `HEAD` is being answered.
    var isHEAD = false
    /// Whether another protocol was asked for: `101` is success then, and has another number (RFC 8441, 5).
    var isTunnel = false
    /// Whether the frame with the stream's end has been written.
    private(set) var hasEnded = false

    /// Forgets everything, keeps storage.
    mutating func reset() {
        self.head.reset()
        self.body = nil
        self.buffer = ByteBuffer()
        self.isHEAD = false
        self.isTunnel = false
        self.hasEnded = false
    }

    /// Reads what was written and gives back the frames it makes. They are not written from in here: what that leads to
    /// may come back to this very stream.
    mutating func frames(of bytes: ByteBuffer) throws(MessageError) -> [HTTP2Frame.FramePayload] {
        var bytes = bytes
        var frames: [HTTP2Frame.FramePayload] = []
        frames.reserveCapacity(2)
        if self.buffer.readableBytes == 0 { self.buffer = bytes } else { self.buffer.writeBuffer(&bytes) }
        while self.body == nil, !self.hasEnded {
            guard try self.head.read(&self.buffer) else { return frames }
            frames.append(self.readHead())
        }
        try self.body?.write(&self.buffer, to: &frames)
        self.hasEnded = self.hasEnded || self.body?.hasEnded ?? false
        if self.buffer.readableBytes == 0 { self.buffer = ByteBuffer() }
        return frames
    }

    private mutating func readHead() -> HTTP2Frame.FramePayload {
        let hasSwitched = self.isTunnel && self.head.status == 101
        let isInterim = (100...199).contains(self.head.status) && !hasSwitched
        let hasBody = isInterim || hasSwitched || !self.isHEAD && !self.head.hasNoBody
        let isEmpty = !hasBody || !isInterim && !hasSwitched && self.head.framing == .length(0)
        let frame = HTTP2Frame.FramePayload.headers(
            .init(headers: self.section(isEmpty: isEmpty), endStream: isEmpty)
        )
        if isInterim {
            self.head.reset()
        } else {
            self.body = isEmpty ? nil : FrameBody(hasSwitched ? .untilClose : self.head.framing)
            self.hasEnded = isEmpty
        }
        return frame
    }

    private func section(isEmpty: Bool) -> HPACKHeaders {
        var section = HPACKHeaders()
        section.reserveCapacity(self.head.fields.count + 1)
        let hasSwitched = self.isTunnel && self.head.status == 101
        section.add(name: ":status", value: hasSwitched ? "200" : String(self.head.status))
        let isTrailersOnly = isEmpty && self.has("grpc-status")
        for (index, field) in self.head.fields.enumerated() {
            // What is all trailers has no body to measure.
            if hasSwitched, self.isOfTheUpgrade(index) { continue }
            if isTrailersOnly, self.head.names[index] == .contentLength { continue }
            section.add(field, of: self.head.bytes)
        }
        return section
    }

    /// The end of a tunnel, said by us; `nil` when there is none, or it has ended.
    mutating func endOfTunnel() -> HTTP2Frame.FramePayload? {
        guard self.isTunnel, self.body != nil, !self.hasEnded else { return nil }
        self.hasEnded = true
        return .data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))
    }

    /// A tunnel has no length, and nobody has asked for proof of the handshake.
    private func isOfTheUpgrade(_ index: Int) -> Bool {
        if self.head.names[index] == .contentLength { return true }
        let storage = self.head.bytes
        return equalIgnoringCase(storage.span.extracting(self.head.fields[index].name), "sec-websocket-accept")
    }

    private func has(_ wanted: String) -> Bool {
        let storage = self.head.bytes
        let bytes = storage.span
        for field in self.head.fields where equalIgnoringCase(bytes.extracting(field.name), wanted) { return true }
        return false
    }
}
