package import NIOCore

/// How a body is delimited (RFC 9112, 6.3).
package enum Framing: Equatable {
    case none
    case length(Int)
    case chunked
    /// The end of the connection is the end of the body: for responses only.
    case untilClose
}

/// Reads a message's body, and what follows the last chunk, from what the connection brings.
package struct BodyReader {
    package enum Event {
        case body(ByteBuffer)
        /// The message is complete. Trailers, if there were any, in the order they came.
        case end(Trailers?)
    }

    private enum State {
        /// So many bytes are still to come.
        case length(Int)
        case untilClose
        /// Before the first digit of a chunk's size, or behind some of them.
        case chunkSize(Int, digits: Int)
        /// Behind the size: what an extension says is nobody's business, as long as it is short (RFC 9112, 7.1.1).
        case chunkExtension(size: Int, length: Int)
        case chunkSizeLineFeed(Int)
        case chunkData(Int)
        case chunkDataReturn
        case chunkDataLineFeed
        case trailers(HeadReader)
        case ended
    }

    private var state: State

    private static let extensionLimit = 256
    /// Fifteen hexadecimal digits do not overflow.
    private static let digitLimit = 15
    private static let trailerLimits = HeadReader.Limits(fieldBytes: 8 << 10, fieldCount: 32)

    package init(_ framing: Framing) {
        switch framing {
        case .none: self.state = .length(0)
        case .length(let length): self.state = .length(length)
        case .chunked: self.state = .chunkSize(0, digits: 0)
        case .untilClose: self.state = .untilClose
        }
    }

    /// Whether the end of the message has been told.
    package var hasEnded: Bool {
        if case .ended = self.state { true } else { false }
    }

    /// Whether nothing of it is left, while its end has not been told.
    var isDrained: Bool {
        if case .length(0) = self.state { true } else { false }
    }

    /// Whether the end of the connection is a proper end.
    var endsWithConnection: Bool {
        if case .untilClose = self.state { true } else { false }
    }

    /// The next piece; `nil` when more bytes are needed, or when there is nothing more to tell.
    package mutating func next(_ buffer: inout ByteBuffer) throws(MessageError) -> Event? {
        while true {
            switch self.state {
            case .length(0):
                self.state = .ended
                return .end(nil)
            case .length(let length):
                guard let piece = Self.piece(of: &buffer, atMost: length) else { return nil }
                self.state = .length(length - piece.readableBytes)
                return .body(piece)
            case .untilClose:
                return Self.piece(of: &buffer, atMost: .max).map { .body($0) }
            case .chunkData(let length):
                guard let piece = Self.piece(of: &buffer, atMost: length) else { return nil }
                let rest = length - piece.readableBytes
                self.state = rest == 0 ? .chunkDataReturn : .chunkData(rest)
                return .body(piece)
            case .trailers(var reader):
                self.state = .ended
                guard try reader.read(&buffer) else {
                    self.state = .trailers(reader)
                    return nil
                }
                return .end(reader.fields.isEmpty ? nil : Trailers(bytes: reader.bytes, fields: reader.fields))
            case .chunkSize, .chunkExtension, .chunkSizeLineFeed, .chunkDataReturn, .chunkDataLineFeed:
                guard let byte: UInt8 = buffer.readInteger() else { return nil }
                self.state = try self.state(after: byte)
            case .ended:
                return nil
            }
        }
    }

    /// Throws the rest of the message away, as far as it is here. Returns whether it was all of it.
    package mutating func skip(in buffer: inout ByteBuffer) throws(MessageError) -> Bool {
        while try self.next(&buffer) != nil {}
        return self.hasEnded
    }

    /// Whether the rest of the message is in the buffer.
    package func isComplete(in buffer: ByteBuffer) -> Bool {
        var reader = self
        var buffer = buffer
        return (try? reader.skip(in: &buffer)) ?? false
    }

    private static func piece(of buffer: inout ByteBuffer, atMost length: Int) -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        return buffer.readSlice(length: min(length, buffer.readableBytes))
    }

    /// What a byte of the chunked coding's own lines leads to (RFC 9112, 7.1).
    private func state(after byte: UInt8) throws(MessageError) -> State {
        switch self.state {
        case .chunkSize(let size, let digits):
            if let digit = Self.digit(byte) {
                guard digits < Self.digitLimit else { throw .malformed("a chunk's size has too many digits") }
                return .chunkSize(size << 4 | digit, digits: digits + 1)
            }
            guard digits > 0 else { throw .malformed("a chunk without a size") }
            if byte == 0x0D { return .chunkSizeLineFeed(size) }
            guard byte == UInt8(ascii: ";") else { throw .malformed("a chunk's size is no number") }
            return .chunkExtension(size: size, length: 0)
        case .chunkExtension(let size, let length):
            if byte == 0x0D { return .chunkSizeLineFeed(size) }
            guard isTextByte(byte), length < Self.extensionLimit else { throw .malformed("a chunk's extension") }
            return .chunkExtension(size: size, length: length + 1)
        case .chunkSizeLineFeed(let size):
            guard byte == 0x0A else { throw .malformed("a chunk's line does not end with CR LF") }
            return size > 0 ? .chunkData(size) : .trailers(HeadReader(limits: Self.trailerLimits, hasStartLine: false))
        case .chunkDataReturn:
            guard byte == 0x0D else { throw .malformed("a chunk is longer than its size") }
            return .chunkDataLineFeed
        case .chunkDataLineFeed:
            guard byte == 0x0A else { throw .malformed("a chunk does not end with CR LF") }
            return .chunkSize(0, digits: 0)
        case .length, .untilClose, .chunkData, .trailers, .ended:
            return self.state
        }
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 55
        default: nil
        }
    }
}

/// The fields behind a chunked body (RFC 9112, 7.1.2).
package struct Trailers {
    package let bytes: [UInt8]
    package let fields: [FieldLine]

    /// The fields as they are passed on, those whose name the caller does not want left out.
    func lines(where isWanted: (Span<UInt8>) -> Bool) -> [UInt8] {
        var lines: [UInt8] = []
        for field in self.fields where isWanted(self.bytes.span.extracting(field.name)) {
            lines += self.bytes[field.name]
            lines += [0x3A, 0x20]
            lines += self.bytes[field.value]
            lines += [0x0D, 0x0A]
        }
        return lines
    }

    func contains(where isMeant: (Span<UInt8>) -> Bool) -> Bool {
        self.fields.contains { isMeant(self.bytes.span.extracting($0.name)) }
    }
}
