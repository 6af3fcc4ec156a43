/// A request as the bytes it is on the wire. Nothing is normalised: what is hostile about it must arrive.
package struct WireRequest: Sendable {
    package var method = "GET"
    package var target: String
    package var host: String
    /// In this order, and as often as they stand here.
    package var fields: [(name: String, value: String)] = []
    /// Every request has a connection of its own.
    package var connection = "close"
    /// Whether it looks like a person following a link. Everything else is told 401 by the gateway, in JSON.
    package var isNavigation = false

    package init(_ target: String, host: String, fields: [(name: String, value: String)] = []) {
        self.target = target
        self.host = host
        self.fields = fields
    }

    package var bytes: [UInt8] {
        var text = "\(self.method) \(self.target) HTTP/1.1\r\nHost: \(self.host)\r\nUser-Agent: gatehouse-doctor\r\n"
        text +=
            self.isNavigation
            ? "Accept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
            : "Accept: application/json\r\n"
        for (name, value) in self.fields { text += "\(name): \(value)\r\n" }
        text += "Connection: \(self.connection)\r\n\r\n"
        return Array(text.utf8)
    }
}
