import NIOCore

/// The DATA of a stream as the body of an HTTP/1.1 message. Its end is where the stream says, and nowhere else: not one byte
/// more than a length promised gets through.
struct BodyTranslation {
    private enum State {
        /// No body.
        case none
        /// So many bytes are still to come.
        case length(Int)
        /// So many bytes are still to come, if that is known.
        case chunked(Int?)
        /// Bytes of another protocol, as they come.
        case tunnel
        case ended
    }

    private var state: State

    /// What follows a request for another protocol.
    static let tunnel = BodyTranslation(.tunnel)

    private init(_ state: State) {
        self.state = state
    }

    init(_ framing: Framing) {
        switch framing {
        case .none, .untilClose: self.state = .none
        case .length(let length): self.state = .length(length)
        case .chunked: self.state = .chunked(nil)
        }
    }

    /// A body in chunks whose length the head may have told.
    init(chunksOfLength length: Int?) {
        self.state = .chunked(length)
    }

    var hasEnded: Bool {
        if case .ended = self.state { true } else { false }
    }

    /// What the reader is to see of it, piece by piece; `nil` for DATA that the head did not announce.
    mutating func data(_ bytes: ByteBuffer) -> [ByteBuffer]? {
        let count = bytes.readableBytes
        switch self.state {
        case .none, .ended:
            return count == 0 ? [] : nil
        case .length(let rest):
            guard count <= rest else { return nil }
            self.state = .length(rest - count)
            return count > 0 ? [bytes] : []
        case .tunnel:
            return count > 0 ? [bytes] : []
        case .chunked(let rest):
            // An empty chunk would be the last one.
            guard count > 0 else { return [] }
            if let rest {
                guard count <= rest else { return nil }
                self.state = .chunked(rest - count)
            }
            return [ByteBuffer(string: String(count, radix: 16) + "\r\n"), bytes, Self.lineEnd]
        }
    }

    /// The same for the stream's end; `nil` when something is missing.
    ///
    /// - Parameter trailers: lines, the empty one included. A body with a length has no place for them.
    mutating func end(trailers: ByteBuffer?) -> [ByteBuffer]? {
        defer { self.state = .ended }
        switch self.state {
        case .none, .tunnel, .ended: return []
        case .length(let rest): return rest == 0 ? [] : nil
        case .chunked(let rest): return rest ?? 0 == 0 ? [Self.lastChunk, trailers ?? Self.lineEnd] : nil
        }
    }

    private static let lastChunk = ByteBuffer(string: "0\r\n")

    private static let lineEnd = ByteBuffer(string: "\r\n")
}
