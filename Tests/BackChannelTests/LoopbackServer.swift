import Dispatch
import Foundation
import Glibc
import Synchronization

/// An HTTP peer that does exactly what a test tells it, byte by byte: a listening socket on loopback, a free port, and
/// one thread for each connection.
final class LoopbackServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let accepted = Counter()

    /// How many connections have come in.
    var connections: Int { self.accepted.now }

    init(_ serve: @escaping @Sendable (PeerConnection) -> Void) throws {
        let listener = try Self.listen()
        self.listener = listener.descriptor
        self.port = listener.port
        Thread.detachNewThread { [accepted] in
            while true {
                let descriptor = accept(listener.descriptor, nil, nil)
                guard descriptor >= 0 else { return }
                accepted.up()
                Thread.detachNewThread { serve(PeerConnection(descriptor)) }
            }
        }
    }

    deinit {
        shutdown(self.listener, Int32(SHUT_RDWR))
        close(self.listener)
    }

    func url(_ path: String = "/", host: String = "127.0.0.1") -> String {
        "http://\(host):\(self.port)\(path)"
    }

    /// Answers every request of every connection.
    static func answering(
        _ answer: @escaping @Sendable (String) -> String = { _ in LoopbackServer.answer("ok") }
    ) throws -> LoopbackServer {
        try LoopbackServer { connection in
            while let request = connection.readRequest(), connection.send(answer(request)) {}
        }
    }

    static func answer(_ body: String, status: String = "200 OK", fields: String = "") -> String {
        "HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// Where nobody listens: a port that the kernel gives to nobody who asks for any.
    static let nobody = "http://127.0.0.1:1"

    private static func listen() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, size) == 0 && Glibc.listen(descriptor, 128) == 0
                    && getsockname(descriptor, pointer, &size) == 0
            }
        }
        guard descriptor >= 0, isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}

/// One accepted connection, closed when dropped. Blocking; belongs to its thread.
final class PeerConnection {
    private let descriptor: Int32
    private var unread: [UInt8] = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
    }

    /// The next request as text, header and body; nil at the end of the connection.
    func readRequest() -> String? {
        while true {
            let text = String(decoding: self.unread, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let head = text[..<end.upperBound]
                let length = head.lowercased().split(separator: "content-length: ").dropFirst().first
                let bodySize = length.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
                let size = head.utf8.count + bodySize
                if self.unread.count >= size {
                    defer { self.unread.removeFirst(size) }
                    return String(decoding: self.unread[..<size], as: UTF8.self)
                }
            }
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = unsafe recv(self.descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            self.unread += buffer[..<count]
        }
    }

    /// - Returns: whether the peer still takes bytes.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { rest in
                unsafe Glibc.send(self.descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool {
        self.send(Array(text.utf8))
    }

    /// Waits for the peer to close or to say more.
    ///
    /// - Returns: false when the time passed without either.
    @discardableResult
    func waitForPeer(milliseconds: Int32 = -1) -> Bool {
        var entry = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}

/// Counts across threads, and remembers the most there ever were.
final class Counter: Sendable {
    private let values = Mutex((now: 0, most: 0))

    var now: Int { self.values.withLock { $0.now } }
    var most: Int { self.values.withLock { $0.most } }

    /// - Returns: how many there are now.
    @discardableResult
    func up() -> Int {
        self.values.withLock { values in
            values = (values.now + 1, max(values.most, values.now + 1))
            return values.now
        }
    }

    func down() {
        self.values.withLock { $0.now -= 1 }
    }
}

/// Lets nobody on before everybody is there.
final class Barrier: Sendable {
    private let present = Counter()
    private let opened = DispatchSemaphore(value: 0)
    private let size: Int

    init(_ size: Int) {
        self.size = size
    }

    func wait() {
        if self.present.up() == self.size {
            for _ in 0..<self.size { self.opened.signal() }
        }
        self.opened.wait()
    }
}

/// Something that happens once in a thread and is awaited in a test.
struct Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (self.stream, self.continuation) = AsyncStream.makeStream()
    }

    func fire() {
        self.continuation.yield()
    }

    func wait() async {
        for await _ in self.stream { return }
    }
}
