package import NIOCore

/// Where the frames of a WebSocket begin and end (RFC 6455, 5.2), so that a frame of ours comes between two of theirs.
/// What is in them is nobody's business.
package struct WebSocketFrames {
    private enum Place {
        /// Between two frames.
        case start
        case length
        case longLength(bytesLeft: Int, value: UInt64, isMasked: Bool)
        case mask(bytesLeft: Int, payload: UInt64)
        case payload(UInt64)
    }

    private var place = Place.start

    package init() {}

    package var isBetweenFrames: Bool {
        if case .start = self.place { true } else { false }
    }

    /// Passes over what flows by.
    ///
    /// - Parameter stops: whether to stop where the frame ends that has begun.
    /// - Returns: how many of the bytes have been passed.
    @discardableResult
    package mutating func pass(_ buffer: ByteBuffer, stoppingBetweenFrames stops: Bool = false) -> Int {
        var passed = 0
        let count = buffer.readableBytes
        while passed < count {
            if stops, self.isBetweenFrames { break }
            if case .payload(let left) = self.place {
                let step = UInt64(count - passed) < left ? count - passed : Int(left)
                passed += step
                self.place = left == UInt64(step) ? .start : .payload(left - UInt64(step))
                continue
            }
            guard let byte: UInt8 = buffer.getInteger(at: buffer.readerIndex + passed) else { break }
            passed += 1
            self.place = self.place(after: byte)
        }
        return passed
    }

    private func place(after byte: UInt8) -> Place {
        switch self.place {
        case .start: return .length
        case .length:
            let isMasked = byte & 0x80 != 0
            switch byte & 0x7F {
            case 126: return .longLength(bytesLeft: 2, value: 0, isMasked: isMasked)
            case 127: return .longLength(bytesLeft: 8, value: 0, isMasked: isMasked)
            case let length: return Self.place(before: UInt64(length), isMasked)
            }
        case .longLength(let left, let value, let isMasked):
            let value = value << 8 | UInt64(byte)
            if left > 1 { return .longLength(bytesLeft: left - 1, value: value, isMasked: isMasked) }
            return Self.place(before: value, isMasked)
        case .mask(let left, let payload):
            if left > 1 { return .mask(bytesLeft: left - 1, payload: payload) }
            return payload == 0 ? .start : .payload(payload)
        case .payload: return self.place
        }
    }

    private static func place(before payload: UInt64, _ isMasked: Bool) -> Place {
        if isMasked { return .mask(bytesLeft: 4, payload: payload) }
        return payload == 0 ? .start : .payload(payload)
    }

    /// A close frame (RFC 6455, 5.5.1). What a client sends is masked; all zeros are as good a mask as any, for us who
    /// hide nothing from a proxy.
    package static func close(_ code: UInt16, _ reason: String, masked: Bool) -> ByteBuffer {
        let reason = Array(reason.utf8.prefix(100))
        var frame = ByteBuffer()
        frame.writeInteger(0x88 as UInt8)
        frame.writeInteger(UInt8(2 + reason.count) | (masked ? 0x80 : 0))
        if masked { frame.writeInteger(0 as UInt32) }
        frame.writeInteger(code)
        frame.writeBytes(reason)
        return frame
    }
}
