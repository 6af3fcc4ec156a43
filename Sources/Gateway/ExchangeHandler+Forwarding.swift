import Access
import NIOCore
import NIOHTTP1

/// The near end of the glue: each side reads only while the other can write.
extension ExchangeHandler: UpstreamPartner {
    func lease(_ permit: Permit, fresh: Bool) {
        self.worker.upstreams.lease(permit, fresh: fresh) { result in
            switch result {
            case .success(let connection):
                guard self.exchange.leased() else {
                    // The browser left meanwhile. The connection has done nothing yet and serves somebody else.
                    return self.worker.upstreams.giveBack(connection)
                }
                self.upstream = connection
                self.forwardHead(to: connection, permit)
                self.pump()
                self.flush()
            case .failure(let fault):
                self.fail(fault)
            }
        }
    }

    private func forwardHead(to connection: UpstreamHandler, _ permit: Permit) {
        guard let current = self.current, let access = current.access, let client = current.client else { return }
        let request = ForwardedRequest(
            head: current.head,
            target: access.target,
            fields: self.fields,
            identityFields: self.identityFields(permit),
            dropsAuthorization: permit.route.token != nil,
            cookieNames: self.worker.settings.cookieNames,
            host: permit.route.preserveHost
                ? access.authority.text : self.worker.upstreams.address(of: permit).authority,
            forwardedFor: client.forwardedFor,
            forwardedHost: access.authority.text,
            scheme: access.scheme,
            requestID: current.requestID
        )
        self.wire.clear()
        request.write(into: &self.wire)
        connection.begin(current.head, bytes: ByteBuffer(bytes: self.wire.bytes), partner: self)
        self.extendDeadline()
        if self.fields.expectsContinue, self.fields.framing != .none {
            var interim = ByteBuffer()
            interim.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
            self.write(interim)
        }
        if self.exchange.requestEnded { self.flush() }
    }

    /// As rendered for the decision; nobody's for a permit without a session.
    private func identityFields(_ permit: Permit) -> [UInt8]? {
        guard permit.session != nil, let session = self.current?.session else { return nil }
        let limit = self.worker.settings.configuration.limits.identityBytes
        guard let fields = try? session.fields(permit.route.headers, maximumSize: limit).get() else { return nil }
        let authorization = self.current?.authorization ?? []
        guard let audience = permit.route.assertionAudience else {
            return authorization.isEmpty ? fields : fields + authorization
        }
        let now = self.worker.wallClock
        let assertion = session.assertions.field(for: audience, session, self.worker.settings, now: now)
        return assertion.map { fields + $0 + authorization }
    }

    func forward(_ body: ByteBuffer) {
        guard let upstream = self.upstream, body.readableBytes > 0 else { return }
        if self.fields.framing == .chunked {
            upstream.write(Self.chunk(body))
        } else {
            upstream.write(body)
        }
    }

    func forwardEnd(_ trailers: HTTPHeaders?) {
        // A trailer may not say who somebody is, whoever reads trailers (security rule 5). The others are not needed by
        // anybody we know and may be discarded (RFC 9110, 6.5.1).
        if let trailers, trailers.contains(where: { self.fields.reserved.contains($0.name) }) {
            self.exchange.lastExchange()
            return self.fail(.malformed("a trailer names an identity"))
        }
        if self.fields.framing == .chunked { self.upstream?.write(Self.lastChunk) }
        self.extendDeadline()
    }

    // MARK: What the upstream tells

    func upstreamResponded(_ head: HTTPResponseHead) {
        guard let current = self.current else { return }
        guard head.status != .switchingProtocols else { return self.fail(.upstreamSwitchedProtocols) }
        let response = ForwardedResponse(head, to: current.head)
        guard response.isUnderstood, self.exchange.responseBegan() else { return self.fail(.upstreamBroke) }
        if self.worker.isDraining { self.exchange.lastExchange() }
        if response.framing == .untilClose { self.exchange.lastExchange() }
        self.current?.response = response
        self.current?.status = Int(head.status.code)
        let names = self.worker.settings.cookieNames
        self.wire.clear()
        response.write(
            into: &self.wire,
            keepAlive: self.exchange.keepAlive,
            isPrivate: current.permit?.session != nil,
            requestID: current.requestID,
            isOurs: { SetCookie.isOurs(setCookieField: $0, names: names) }
        )
        self.writeWire()
        self.extendDeadline()
    }

    func upstreamSent(_ body: ByteBuffer) {
        guard let response = self.current?.response, body.readableBytes > 0 else { return }
        switch response.framing {
        case .empty: break
        case .length, .untilClose: self.write(body)
        case .chunked: self.write(Self.chunk(body))
        }
        self.extendDeadline()
    }

    func upstreamEnded(_ trailers: HTTPHeaders?) {
        guard let response = self.current?.response else { return self.fail(.upstreamBroke) }
        if response.framing == .chunked { self.write(Self.lastChunk) }
        self.upstream?.release(reusable: response.upstreamKeepsAlive && self.exchange.requestEnded)
        self.upstream = nil
        self.responseEnded()
        self.flush()
    }

    func upstreamPaused() {
        self.flush()
    }

    func upstreamBecameWritable() {
        self.pump()
    }

    func upstreamFailed() {
        let wasReused = self.upstream?.isReused ?? false
        self.upstream = nil
        guard self.retryIsSafe(wasReused: wasReused), let permit = self.current?.permit else {
            return self.fail(.upstreamBroke)
        }
        self.current?.hasRetried = true
        self.exchange.retrying()
        self.lease(permit, fresh: true)
    }

    /// A reused connection may have died before it could see the request. One more try does no harm when the method
    /// promises so (RFC 9110, 9.2.2), nothing has come back, and there is no body that would have to be sent again.
    private func retryIsSafe(wasReused: Bool) -> Bool {
        guard wasReused, let current = self.current, !current.hasRetried, !self.exchange.responseBegun,
            self.exchange.requestEnded, self.fields.framing == .none
        else { return false }
        switch current.head.method {
        case .GET, .HEAD, .OPTIONS, .PUT, .DELETE: return true
        default: return false
        }
    }

    // MARK: Chunks (RFC 9112, 7.1)

    private static let lastChunk = ByteBuffer(string: "0\r\n\r\n")

    /// One buffer for a whole chunk: small ones are copied, which costs less than three writes.
    private static func chunk(_ body: ByteBuffer) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(body.readableBytes + 20)
        buffer.writeString(String(body.readableBytes, radix: 16))
        buffer.writeStaticString("\r\n")
        buffer.writeImmutableBuffer(body)
        buffer.writeStaticString("\r\n")
        return buffer
    }
}
