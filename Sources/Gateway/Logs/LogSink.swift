package import NIOCore
package import NIOPosix
import Synchronization

/// Where log lines go. A thread of NIO's pool writes them, so that a reader who stalls never stalls an event loop.
package final class LogSink: Sendable {
    private struct State {
        var pending = ByteBuffer()
        var lost = 0
        var isWriting = false
        /// Waits for the last line.
        var closing: EventLoopPromise<Void>?
    }

    /// More than this waits for nobody: what comes then is counted and dropped.
    private static let limit = 8 << 20

    private let state = Mutex(State())
    private let file: NIOFileHandle
    private let fileIO: NonBlockingFileIO
    private let eventLoop: any EventLoop

    /// - Parameter file: written to, never closed.
    package init(file: NIOFileHandle, threadPool: NIOThreadPool, eventLoop: any EventLoop) {
        self.file = file
        self.fileIO = NonBlockingFileIO(threadPool: threadPool)
        self.eventLoop = eventLoop
    }

    /// Takes whole lines.
    package func write(_ lines: ByteBuffer) {
        let mustStart = self.state.withLock { state in
            guard state.pending.readableBytes < Self.limit else {
                state.lost += 1
                return false
            }
            state.pending.writeImmutableBuffer(lines)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { self.writeNext() }
    }

    /// Ends when everything taken so far has been written.
    package func close() async throws {
        let promise = self.eventLoop.makePromise(of: Void.self)
        let isIdle = self.state.withLock { state in
            state.closing = promise
            return !state.isWriting
        }
        if isIdle { promise.succeed() }
        try await promise.futureResult.get()
    }

    private func writeNext() {
        let (buffer, lost, closing) = self.state.withLock { state in
            let taken = (state.pending, state.lost, state.closing)
            state.pending = ByteBuffer()
            state.lost = 0
            if taken.0.readableBytes == 0 { state.isWriting = false }
            return taken
        }
        guard buffer.readableBytes > 0 else {
            closing?.succeed()
            return
        }
        var lines = buffer
        if lost > 0 {
            lines.writeString("{\"level\":\"warning\",\"message\":\"log lines lost\",\"count\":\(lost)}\n")
        }
        self.fileIO.write(fileHandle: self.file, buffer: lines, eventLoop: self.eventLoop).whenComplete { _ in
            // A write that fails has no reader; the next line finds out again.
            self.writeNext()
        }
    }
}
