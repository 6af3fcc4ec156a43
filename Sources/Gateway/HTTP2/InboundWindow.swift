/// How much a client may still send before it must wait (RFC 9113, 5.2), for one stream or for a whole connection.
package struct InboundWindow {
    /// What HTTP/2 begins with, and what is given back to it.
    private static let size = 65_535

    package init() {}

    /// What has come and nobody has taken yet: for that much, nothing more is asked for.
    private var waiting = 0
    /// As HTTP/2 has reckoned it last.
    private var last: Int?
    /// Whether nothing more comes.
    package var isClosed = false

    package mutating func received(_ count: Int) {
        self.waiting += count
    }

    /// What has come is being taken. Returns by how much the window is to grow, if at all.
    package mutating func taken(_ count: Int) -> Int? {
        self.waiting -= count
        return self.increment
    }

    /// The window has changed. Returns by how much it is to grow, if at all.
    package mutating func changed(to size: Int) -> Int? {
        self.last = size
        return self.increment
    }

    /// Back to the whole, once half of it is used up.
    private var increment: Int? {
        guard !self.isClosed, let last = self.last else { return nil }
        let increment = Self.size - (last + self.waiting)
        return increment * 2 >= Self.size ? increment : nil
    }
}
