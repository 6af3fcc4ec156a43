package import NIOCore

/// What has something to send.
package protocol Flushing: AnyObject {
    func flushNow()
}

/// One turn of an event loop after another: what its connections have to send waits until all that has arrived has been
/// dealt with.
///
/// Most of the price of a small answer is the kernel's waking whoever waits for it. Where many requests arrive together,
/// their answers leave together, one behind the other, and wake the reader once.
package final class Turn {
    private let eventLoop: any EventLoop
    private var waiting: [any Flushing] = []
    private var flushing: [any Flushing] = []

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Flushes this one at the turn's end, or, when that has begun, at the next one's.
    package func flushAtEnd(_ connection: any Flushing) {
        if self.waiting.isEmpty { self.eventLoop.assumeIsolated().execute { self.end() } }
        self.waiting.append(connection)
    }

    private func end() {
        swap(&self.waiting, &self.flushing)
        for connection in self.flushing { connection.flushNow() }
        self.flushing.removeAll(keepingCapacity: true)
    }
}

@available(*, unavailable)
extension Turn: Sendable {}
