package import JSON
package import NIOHTTP1

/// One answer, before it is put on the wire.
package struct Response: Sendable {
    /// The status code.
    package var status: Int
    /// The header, without what framing adds.
    package var headers: HTTPHeaders
    /// The whole body.
    package var body: [UInt8]

    /// An answer from its parts.
    package init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON answer with the media type Logto writes.
    package static func json(_ value: JSON, status: Int = 200) -> Response {
        Response(status: status, headers: ["Content-Type": "application/json; charset=utf-8"], body: value.bytes)
    }

    /// An HTML page.
    package static func html(_ page: String, status: Int = 200) -> Response {
        Response(status: status, headers: ["Content-Type": "text/html; charset=utf-8"], body: Array(page.utf8))
    }

    /// A redirect; 303 unless told otherwise.
    package static func redirect(to location: String, status: Int = 303) -> Response {
        Response(status: status, headers: ["Location": location])
    }

    /// The same answer with one more header field.
    package func with(_ name: String, _ value: String) -> Response {
        var copy = self
        copy.headers.replaceOrAdd(name: name, value: value)
        return copy
    }

    /// The same answer, not to be stored by anyone.
    var notStored: Response { with("Cache-Control", "no-store") }
}

/// How an answer travels. Faults are made here: an answer can be late, cut, dripping, or never come.
package struct Delivery: Sendable {
    /// What to send. Without one the connection is closed, or left hanging.
    package var response: Response?
    /// Milliseconds before the first byte.
    package var delay: Int64 = 0
    /// Send only so many bytes of the body, then close.
    package var truncateAt: Int?
    /// Send the body in pieces of so many bytes, each `pieceDelay` milliseconds after the last.
    package var pieceSize: Int?
    /// Milliseconds between pieces.
    package var pieceDelay: Int64 = 0
    /// Without a response: leave the connection open and say nothing.
    package var hang = false
    /// Sent first and all at once; the answer waits until each has come to its end.
    package var parcels: [Parcel] = []

    /// As it is, at once, and whole.
    package init(_ response: Response?) {
        self.response = response
    }
}
