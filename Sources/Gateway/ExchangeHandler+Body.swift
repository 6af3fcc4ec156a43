import Access
import NIOCore

/// Bodies that endpoints of ours want whole before they answer.
extension ExchangeHandler {
    /// Whether the endpoint has to wait for its body; it is called again when that is here.
    func mustCollectBody(for endpoint: Endpoint) -> Bool {
        guard endpoint.bodyLimit > 0, self.current.endpoint == nil, self.head.framing != .none else { return false }
        self.current.endpoint = endpoint
        self.exchange.collect()
        self.extendDeadline()
        self.sayContinue()
        return true
    }

    /// The body is wanted. HTTP/1.0 knows no interim answers, whatever it asks for (RFC 9110, 10.1.1).
    func sayContinue() {
        guard self.head.expectsContinue, self.head.framing != .none, !self.head.isHTTP10 else { return }
        var interim = ByteBuffer()
        interim.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        self.write(interim)
    }

    func collect(_ bytes: ByteBuffer) {
        guard let endpoint = self.current.endpoint else { return }
        self.current.bytesIn += bytes.readableBytes
        guard self.current.body.count + bytes.readableBytes <= endpoint.bodyLimit else {
            self.exchange.lastExchange()
            return self.fail(.bodyTooLarge)
        }
        self.current.body.append(contentsOf: bytes.readableBytesView)
        self.extendDeadline()
    }

    func bodyCollected() {
        guard let endpoint = self.current.endpoint, let access = self.current.access else { return }
        self.extendDeadline()
        self.callEndpoint(endpoint, access)
    }
}
