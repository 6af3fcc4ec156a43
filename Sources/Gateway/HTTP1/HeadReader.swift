package import NIOCore

/// Collects a message's head, or its trailers, from what the connection brings: a copy of the bytes, and where each line
/// stands in it. Each byte is looked at a bounded number of times, however few come at once.
package struct HeadReader {
    package struct Limits {
        /// Of the first line, in bytes.
        var startLine = 17 << 10
        /// Of all field lines together, in bytes.
        package var fieldBytes: Int
        package var fieldCount: Int

        package init(fieldBytes: Int, fieldCount: Int) {
            self.fieldBytes = fieldBytes
            self.fieldCount = fieldCount
        }

        /// For what upstreams send: generous, because the operator chose them, but not without end.
        static let responses = Limits(fieldBytes: 256 << 10, fieldCount: 200)
    }

    package private(set) var bytes: [UInt8] = []
    package private(set) var fields: [FieldLine] = []
    /// Where the start line ends, without CR and LF.
    private(set) var startLineEnd = 0
    /// Where it begins.
    private(set) var startLineStart = 0

    private let hasStartLine: Bool
    private let limits: Limits
    /// Where the first line begins that has not been read.
    private var position = 0
    /// Up to where no line's end has been found.
    private var searched = 0
    private var needsStartLine: Bool

    /// Taken from the connection's buffer at once: more than most heads have, and no more than an idle one may keep.
    private static let step = 2048
    /// What the storage may have grown to and still be kept for the next head.
    private static let keptCapacity = 8 << 10

    /// - Parameter hasStartLine: `false` for trailers.
    package init(limits: Limits, hasStartLine: Bool = true) {
        self.limits = limits
        self.hasStartLine = hasStartLine
        self.needsStartLine = hasStartLine
    }

    /// Forgets the head, keeps the storage.
    package mutating func reset() {
        if self.bytes.capacity > Self.keptCapacity {
            self.bytes = []
        } else {
            self.bytes.removeAll(keepingCapacity: true)
        }
        self.fields.removeAll(keepingCapacity: true)
        self.startLineStart = 0
        self.startLineEnd = 0
        self.position = 0
        self.searched = 0
        self.needsStartLine = self.hasStartLine
    }

    var isEmpty: Bool { self.bytes.isEmpty }

    /// Takes what belongs to the head out of the buffer. Returns whether the head is complete.
    package mutating func read(_ buffer: inout ByteBuffer) throws(MessageError) -> Bool {
        while buffer.readableBytes > 0 {
            let before = self.bytes.count
            let count = min(buffer.readableBytes, Self.step)
            self.bytes.append(contentsOf: buffer.readableBytesView.prefix(count))
            if try self.readLines() {
                buffer.moveReaderIndex(forwardBy: self.position - before)
                self.bytes.removeLast(self.bytes.count - self.position)
                return true
            }
            buffer.moveReaderIndex(forwardBy: count)
        }
        return false
    }

    /// Reads the lines that are complete. Returns whether the empty one has come.
    private mutating func readLines() throws(MessageError) -> Bool {
        // What was left incomplete is only looked at again once its end is there.
        guard self.searched == self.position || self.hasLineEnd() else {
            self.searched = self.bytes.count
            try self.checkSize()
            return false
        }
        if self.needsStartLine {
            guard try self.readStartLine() else { return try self.waits() }
            self.needsStartLine = false
        }
        while true {
            switch try self.emptyLine() {
            case .here:
                self.position += 2
                return true
            case .unclear: return try self.waits()
            case .notHere: break
            }
            guard let line = try FieldLine.read(self.bytes.span, from: self.position) else { return try self.waits() }
            self.fields.append(line)
            self.position = line.line.upperBound
            try self.checkSize()
        }
    }

    private mutating func waits() throws(MessageError) -> Bool {
        self.searched = self.bytes.count
        try self.checkSize()
        return false
    }

    private func hasLineEnd() -> Bool {
        let bytes = self.bytes.span
        var index = self.searched
        while index < bytes.count {
            if bytes[index] == 0x0A { return true }
            index += 1
        }
        return false
    }

    private enum EmptyLine {
        case here
        case notHere
        case unclear
    }

    private func emptyLine() throws(MessageError) -> EmptyLine {
        let bytes = self.bytes.span
        guard self.position < bytes.count else { return .unclear }
        guard bytes[self.position] == 0x0D else { return .notHere }
        guard self.position + 1 < bytes.count else { return .unclear }
        guard bytes[self.position + 1] == 0x0A else { throw .malformed("a line that does not end with CR LF") }
        return .here
    }

    /// The start line, whose grammar is the caller's business; here only that it is a line of text.
    private mutating func readStartLine() throws(MessageError) -> Bool {
        let storage = self.bytes
        let bytes = storage.span
        // One empty line before a request is forgiven (RFC 9112, 2.2).
        if self.position == 0, bytes.count >= 2, bytes[0] == 0x0D, bytes[1] == 0x0A { self.position = 2 }
        if self.position == 0, bytes.count == 1, bytes[0] == 0x0D { return false }
        guard self.position < bytes.count else { return false }
        // What does not begin as a message does, such as a TLS handshake, is not waited for.
        guard isTokenByte(bytes[self.position]) else { throw .malformed("not the beginning of a message") }
        var index = self.position
        while index < bytes.count, bytes[index] >= 0x20, bytes[index] != 0x7F { index += 1 }
        guard index < bytes.count else { return false }
        guard bytes[index] == 0x0D else { throw .malformed("a control byte in the first line") }
        guard index + 1 < bytes.count else { return false }
        guard bytes[index + 1] == 0x0A else { throw .malformed("a line that does not end with CR LF") }
        self.startLineStart = self.position
        self.startLineEnd = index
        self.position = index + 2
        return true
    }

    private func checkSize() throws(MessageError) {
        if self.needsStartLine {
            guard self.bytes.count - self.position <= self.limits.startLine else { throw .startLineTooLong }
        } else {
            let start = self.hasStartLine ? self.startLineEnd + 2 : 0
            guard self.startLineEnd - self.startLineStart <= self.limits.startLine else { throw .startLineTooLong }
            // Bytes behind a complete head may be in here, but no more than one step.
            let size = self.searched == self.bytes.count ? self.bytes.count - start : self.position - start
            guard size <= self.limits.fieldBytes, self.fields.count <= self.limits.fieldCount else {
                throw .fieldsTooLarge
            }
        }
    }
}
