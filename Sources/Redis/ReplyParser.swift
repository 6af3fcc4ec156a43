private import CHiredis
package import NIOCore

/// hiredis' reader, owned: bytes in, replies out.
///
/// hiredis calls back for each value it reads, in the order of the wire; ``ReplyAssembly`` makes a ``Reply`` of them.
/// Its own reply objects are never made. Bounded: a reply longer than `maximumReplyBytes` ends it.
/// After an error the reader stays in error.
@safe
package struct ReplyParser: ~Copyable {
    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let assembly: ReplyAssembly

    /// `maximumReplyBytes` is capped at 512 MiB, Redis' own limit for a value; hiredis looks for line ends with an `int`.
    package init(maximumReplyBytes: Int) {
        self.assembly = ReplyAssembly(maximumBytes: min(maximumReplyBytes, 512 * 1024 * 1024))
        unsafe self.functions = .allocate(capacity: 1)
        unsafe self.functions.initialize(to: ReplyAssembly.functions)
        // hiredis fails only when memory is at an end, which Swift does not survive either.
        guard let reader = unsafe redisReaderCreateWithFunctions(self.functions) else {
            preconditionFailure("hiredis is out of memory")
        }
        unsafe self.reader = reader
        // Unretained: `assembly` is ours as long as the reader is.
        unsafe self.reader.pointee.privdata = Unmanaged.passUnretained(self.assembly).toOpaque()
    }

    deinit {
        unsafe redisReaderFree(self.reader)
        unsafe self.functions.deallocate()
    }

    /// Hands over what was read from the socket; `next()` says what it was.
    package mutating func feed(_ buffer: ByteBuffer) {
        unsafe buffer.withUnsafeReadableBytes { bytes in
            // In error it takes nothing; `next()` reports that.
            _ = unsafe redisReaderFeed(self.reader, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
        }
    }

    /// The next whole reply; nil when more bytes are needed.
    /// Throws ``RedisError/protocolViolation(_:)`` or ``RedisError/replyTooLarge``.
    package mutating func next() throws(RedisError) -> Reply? {
        var object: UnsafeMutableRawPointer?
        let status = unsafe withUnsafeMutablePointer(to: &object) { unsafe redisReaderGetReply(self.reader, $0) }
        guard status == REDIS_OK else {
            throw self.assembly.refusal ?? .protocolViolation(self.reason)
        }
        guard unsafe object == nil else {
            // A later hiredis reads RESP3 too, which we do not ask for and have no callbacks for.
            guard let reply = self.assembly.take() else { throw .protocolViolation("a reply that is not RESP2") }
            return reply
        }
        // What hiredis still holds belongs to the unfinished reply.
        let held = unsafe UnsafeRawBufferPointer(
            start: self.reader.pointee.buf + self.reader.pointee.pos,
            count: self.reader.pointee.len - self.reader.pointee.pos
        )
        guard held.count <= self.assembly.remainingBytes else { throw .replyTooLarge }
        guard unsafe held.count <= ReplyParser.maximumLineBytes || ReplyParser.hasLineEnd(held) else {
            throw .protocolViolation("a line does not end")
        }
        return nil
    }

    /// The longest status, error or number. Unfinished, hiredis reads it from its beginning each time bytes come.
    private static let maximumLineBytes = 64 * 1024

    private static func hasLineEnd(_ held: UnsafeRawBufferPointer) -> Bool {
        let line = unsafe held.prefix(ReplyParser.maximumLineBytes)
        return unsafe zip(line, line.dropFirst()).contains { $0 == 13 && $1 == 10 }
    }

    private var reason: String {
        unsafe withUnsafeBytes(of: self.reader.pointee.errstr) { text in
            unsafe String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

/// Makes a ``Reply`` of the values hiredis reads, which come depth first, and counts what they cost.
private final class ReplyAssembly {
    private struct OpenArray {
        var missing: Int
        var elements: [Reply]
    }

    private let maximumBytes: Int
    private var usedBytes = 0
    private var openArrays: [OpenArray] = []
    private var finished: Reply?
    /// Why a callback said no. hiredis knows one reason only, "out of memory".
    private(set) var refusal: RedisError?

    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// How many more bytes the reply being read may take.
    var remainingBytes: Int { self.maximumBytes - self.usedBytes }

    /// The reply just finished.
    func take() -> Reply? {
        let reply = self.finished
        self.finished = nil
        self.usedBytes = 0
        return reply
    }

    /// A value was read. False refuses it.
    func append(_ value: Reply, byteCount: Int = 0) -> Bool {
        guard self.reserve(byteCount) else { return false }
        var value = value
        while let last = self.openArrays.indices.last {
            self.openArrays[last].elements.append(value)
            self.openArrays[last].missing -= 1
            guard self.openArrays[last].missing == 0 else { return true }
            value = .array(self.openArrays.removeLast().elements)
        }
        self.finished = value
        return true
    }

    /// An array begins. `count` is only what the server claims: no memory is reserved for it. False refuses it.
    func begin(count: Int) -> Bool {
        guard count > 0 else { return self.append(.array([])) }
        guard self.reserve(0) else { return false }
        self.openArrays.append(OpenArray(missing: count, elements: []))
        return true
    }

    func refuse(_ error: RedisError) {
        self.refusal = error
    }

    private func reserve(_ byteCount: Int) -> Bool {
        self.usedBytes += byteCount + MemoryLayout<Reply>.stride
        guard self.usedBytes <= self.maximumBytes else {
            self.refusal = .replyTooLarge
            return false
        }
        return true
    }
}

extension ReplyAssembly {
    /// What hiredis calls. It carries the pointer returned and never looks behind it; null means refused.
    static var functions: redisReplyObjectFunctions {
        var functions = redisReplyObjectFunctions()
        unsafe functions.createString = { task, text, length in
            guard let task = unsafe task, let text = unsafe text else { return nil }
            let assembly = unsafe ReplyAssembly.of(task)
            let bytes = unsafe UnsafeRawBufferPointer(start: text, count: length)
            let reply: Reply
            switch unsafe task.pointee.type {
            case REDIS_REPLY_STATUS:
                reply = unsafe .status(String(decoding: bytes, as: UTF8.self))
            case REDIS_REPLY_ERROR:
                reply = unsafe .error(String(decoding: bytes, as: UTF8.self))
            default:
                // hiredis 0.14 makes sure that two bytes follow a value, and does not look at them.
                guard unsafe text[length] == CChar(13), unsafe text[length + 1] == CChar(10) else {
                    assembly.refuse(.protocolViolation("a value does not end with a line end"))
                    return nil
                }
                reply = unsafe .bytes([UInt8](bytes))
            }
            return unsafe assembly.append(reply, byteCount: length) ? .init(mutating: task) : nil
        }
        unsafe functions.createArray = { task, count in
            guard let task = unsafe task else { return nil }
            return unsafe ReplyAssembly.of(task).begin(count: Int(count)) ? .init(mutating: task) : nil
        }
        unsafe functions.createInteger = { task, value in
            guard let task = unsafe task else { return nil }
            return unsafe ReplyAssembly.of(task).append(.integer(value)) ? .init(mutating: task) : nil
        }
        unsafe functions.createNil = { task in
            guard let task = unsafe task else { return nil }
            return unsafe ReplyAssembly.of(task).append(.null) ? .init(mutating: task) : nil
        }
        unsafe functions.freeObject = { _ in }
        return functions
    }

    private static func of(_ task: UnsafePointer<redisReadTask>) -> ReplyAssembly {
        unsafe Unmanaged<ReplyAssembly>.fromOpaque(task.pointee.privdata).takeUnretainedValue()
    }
}
