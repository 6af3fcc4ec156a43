import Access

/// The tickets of a connection's last request. A browser sends the same cookies again and again on its connection, and
/// comparing them costs a fraction of decoding and digesting them.
struct TicketMemory {
    private var cookies: [String] = []
    private var tickets: [Ticket] = []

    /// The tickets in these `Cookie` fields. The same bytes give the same tickets; what they are worth is the store's
    /// business, each time.
    mutating func tickets(in cookies: [String], on worker: Worker) -> [Ticket] {
        if !self.isSame(cookies) {
            self.cookies = cookies
            self.tickets = worker.tickets(in: cookies)
        }
        return self.tickets
    }

    private func isSame(_ cookies: [String]) -> Bool {
        guard cookies.count == self.cookies.count else { return false }
        for index in cookies.indices where !Self.isSame(cookies[index].utf8.span, self.cookies[index].utf8.span) {
            return false
        }
        return true
    }

    /// Not `==`: two texts of different bytes can be equal.
    private static func isSame(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        for index in a.indices where a[index] != b[index] { return false }
        return true
    }
}
