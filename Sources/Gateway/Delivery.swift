package import NIOCore

/// How much of what has been written has not left yet. Where two that follow each other are equal, nothing has moved.
package struct Unsent: Equatable {
    package var bytes: Int
    /// How often the other end has made room for more, where it says so.
    package var windowUpdates = 0

    package init(bytes: Int, windowUpdates: Int = 0) {
        self.bytes = bytes
        self.windowUpdates = windowUpdates
    }
}

/// Whether the other end goes on taking what it was sent, though all of it has been written.
///
/// Nothing is noted while bytes are sent: only who is about to end a connection asks what it still holds, and asks again.
package struct Delivery {
    private var last: Unsent?
    private var movedAt = NIODeadline.uptimeNanoseconds(0)

    package init() {}

    /// Whether something was still held when this was asked last.
    package var wasUnderWay: Bool { self.last != nil }

    /// Whether something is held, and some of it has left lately.
    ///
    /// - Parameter patience: how long nothing may leave.
    package mutating func isUnderWay(_ unsent: Unsent?, now: NIODeadline, patience: TimeAmount) -> Bool {
        defer { self.last = unsent }
        guard let unsent else { return false }
        if unsent != self.last { self.movedAt = now }
        return now < self.movedAt + patience
    }
}

extension Channel {
    /// What has been written to this connection and has not been taken by the kernel yet; `nil`: nothing.
    var unsent: Unsent? {
        let bytes = try? self.syncOptions?.getOption(.bufferedWritableBytes)
        return bytes.flatMap { $0 > 0 ? Unsent(bytes: $0) : nil }
    }
}
