import Access
import Cryptography
import NIOCore

/// The near end of the glue: each side reads only while the other can write.
extension ExchangeHandler: UpstreamPartner {
    func lease(_ permit: Permit, fresh: Bool) {
        let number = self.current.number
        if !fresh { self.current.leasedAt = .now() }
        let affinity = self.worker.upstreams.plan(for: permit.route).isSticky ? self.affinity : nil
        self.worker.upstreams.lease(permit, fresh: fresh, affinity: affinity) { result in
            switch result {
            case .success(let connection):
                guard self.isStill(number), self.exchange.leased() else {
                    // The browser left meanwhile. The connection has done nothing yet and serves somebody else.
                    return self.worker.upstreams.giveBack(connection)
                }
                self.upstream = connection
                self.forwardHead(to: connection, permit)
                self.pump()
                self.flush()
            case .failure(let fault):
                if self.isStill(number) { self.fail(fault) }
            }
        }
    }

    private func forwardHead(to connection: UpstreamHandler, _ permit: Permit) {
        guard let access = self.current.access, let client = self.current.client else { return }
        let plan = self.worker.upstreams.plan(for: permit.route)
        guard let target = plan.target(access.target) else {
            self.upstream = nil
            self.worker.upstreams.giveBack(connection)
            return self.fail(.prefixMissing)
        }
        self.timeouts = plan.timeouts
        let request = ForwardedRequest(
            head: self.head,
            target: target,
            cookieLine: self.memory.cookieLine,
            identityFields: self.identityFields(permit),
            dropsAuthorization: permit.route.token != nil || permit.route.protectedApp?.sendsCredentials ?? false,
            host: plan.host(permit.route, of: connection.origin, asked: access.authority),
            forwardedFor: client.forwardedFor,
            forwardedHost: access.authority.text,
            scheme: access.scheme,
            strippedPrefix: plan.upstream.stripPrefix,
            requestID: self.current.requestID,
            trace: self.current.trace,
            sendsForwarded: self.worker.settings.configuration.server.sendsForwarded,
            upgrade: self.current.upgrade,
            clientCertificateLine: self.arrival.clientCertificateLine
        )
        connection.begin(request, tolerating: plan.upstream.tolerated, partner: self)
        self.extendDeadline()
        self.sayContinue()
        if self.exchange.requestEnded { self.flush() }
    }

    /// What the upstream is told about whose request it is, and that it comes through us.
    private func identityFields(_ permit: Permit) -> [UInt8]? {
        guard let app = permit.route.protectedApp else { return self.fieldsOfSession(permit) }
        var fields = self.fieldsOfSession(permit) ?? []
        if app.sendsCredentials { self.party.settings.credentials.withBytes { fields += $0 } }
        fields += Array("\(ProtectedApp.hostField): \(self.current.access?.authority.text ?? "")\r\n".utf8)
        return fields
    }

    /// As rendered for the decision; nobody's for a permit without a session.
    private func fieldsOfSession(_ permit: Permit) -> [UInt8]? {
        guard permit.session != nil, let session = self.current.session else { return nil }
        let limit = self.worker.settings.configuration.limits.identityBytes
        guard let fields = try? session.fields(permit.route.headers, maximumSize: limit).get() else { return nil }
        let authorization = self.current.authorization ?? []
        guard let audience = permit.route.assertionAudience else {
            return authorization.isEmpty ? fields : fields + authorization
        }
        let now = self.worker.wallClock
        let assertion = session.assertions.field(for: audience, session, self.worker.settings, now: now)
        return assertion.map { fields + $0 + authorization }
    }

    /// What the requests of one session have in common; those of one address, where there is no session.
    private var affinity: UInt64? {
        if let session = self.current.session { return stableHash(session.ticket.key.bytes) }
        return self.current.client.map { stableHash($0.text.utf8) }
    }

    func forward(_ body: ByteBuffer) {
        guard let upstream = self.upstream, body.readableBytes > 0 else { return }
        // Whose tunnel is to end has nothing more to say; a frame that has begun is broken off with the connection.
        if let tunnel = self.tunnel, tunnel.ending != nil { return }
        if let tunnel = self.tunnel, tunnel.isWebSocket { tunnel.towardsUpstream.pass(body) }
        if self.head.framing == .chunked {
            upstream.write(Self.chunkHead(body.readableBytes))
            upstream.write(body)
            upstream.write(Self.lineEnd)
        } else {
            upstream.write(body)
        }
    }

    func forwardEnd(_ trailers: Trailers?) {
        // A trailer may not say who somebody is, nor how a message is framed (security rule 5).
        if let trailers, trailers.contains(where: { self.head.reserved.contains($0) }) {
            self.exchange.lastExchange()
            return self.fail(.malformed("a trailer names an identity"))
        }
        if self.head.framing == .chunked {
            var end = Self.lastChunk
            if let trailers { end.writeBytes(trailers.lines { RequestFieldName($0) == .other }) }
            end.writeImmutableBuffer(Self.lineEnd)
            self.upstream?.write(end)
        }
        self.extendDeadline()
    }

    // MARK: What the upstream tells

    func upstreamResponded(_ head: ResponseHead) {
        guard self.current.isUnderWay else { return }
        let time = NIODeadline.now() - self.current.leasedAt
        self.current.upstreamTime = time
        self.worker.metrics.upstreamLatency.record(time)
        guard head.status != 101 else { return self.upstreamSwitched(head) }
        if self.asksForTunnel, (200...299).contains(head.status) { return self.fail(.upstreamBroke) }
        guard self.exchange.responseBegan() else { return self.fail(.upstreamBroke) }
        let response = ForwardedResponse(
            head,
            toHEAD: self.head.isHEAD,
            overHTTP10: self.head.isHTTP10,
            overHTTP2: self.arrival.isHTTP2
        )
        if self.worker.isLeaving || response.framing == .untilClose { self.exchange.lastExchange() }
        self.current.response = response
        self.current.status = head.status
        self.writeWire()
        let worker = self.worker
        self.putTogether { wire in
            response.write(
                head,
                into: &wire,
                keepAlive: self.exchange.keepAlive,
                toHTTP10: self.head.isHTTP10,
                isPrivate: self.current.permit?.session != nil,
                requestID: self.current.requestID,
                strictTransport: worker.settings.strictTransport,
                isOurs: { SetCookie.isOurs(setCookieField: $0, names: worker.settings.cookieNames) }
            )
        }
        self.hasWire = true
        self.extendDeadline()
    }

    func upstreamInformed(_ head: ResponseHead) {
        // HTTP/1.0 knows none (RFC 9110, 15.2).
        guard self.current.isUnderWay, !self.exchange.responseBegun, !self.head.isHTTP10 else { return }
        self.writeWire()
        let names = self.worker.settings.cookieNames
        self.putTogether { wire in
            ForwardedResponse.writeInterim(head, into: &wire) { SetCookie.isOurs(setCookieField: $0, names: names) }
        }
        self.hasWire = true
        self.writeWire()
    }

    /// A body up to this size is copied behind its head, which costs less than a second piece of a write.
    private static let copiedSize = 4 << 10

    func upstreamSent(_ body: ByteBuffer) {
        if let tunnel = self.tunnel { return self.tunnel(body, towardsBrowserIn: tunnel) }
        guard let response = self.current.response, response.framing != .empty, body.readableBytes > 0 else { return }
        if response.framing == .chunked {
            self.putTogether { wire in
                wire.append(String(body.readableBytes, radix: 16))
                wire.append("\r\n")
            }
            self.hasWire = true
        }
        if self.hasWire, body.readableBytes <= Self.copiedSize {
            self.putTogether { $0.append(body.readableBytesView) }
        } else {
            self.write(body)
        }
        if response.framing == .chunked {
            self.putTogether { $0.append("\r\n") }
            self.hasWire = true
        }
        self.extendDeadline()
    }

    func upstreamEnded(_ trailers: Trailers?) {
        guard let response = self.current.response else { return self.fail(.upstreamBroke) }
        if response.framing == .chunked {
            self.putTogether { wire in
                wire.append("0\r\n")
                if let trailers { wire.append(trailers.lines { ResponseHead.FieldName($0) == .other }) }
                wire.append("\r\n")
            }
            self.hasWire = true
        }
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

    func upstreamFailed(isUnseen: Bool, _ detail: String?) {
        let wasReused = self.upstream?.isReused ?? false
        self.upstream = nil
        guard self.retryIsSafe(wasReused: wasReused, isUnseen: isUnseen), let permit = self.current.permit else {
            var fault = Fault.upstreamBroke
            fault.detail = detail
            return self.fail(fault)
        }
        self.current.hasRetried = true
        self.exchange.retrying()
        self.lease(permit, fresh: true)
    }

    /// A reused connection may have died before it could see the request. One more try does no harm when the method
    /// promises so (RFC 9110, 9.2.2), or the upstream has not looked at it; nothing has come back, and there is no body that
    /// would have to be sent again.
    private func retryIsSafe(wasReused: Bool, isUnseen: Bool) -> Bool {
        guard !self.current.hasRetried, !self.exchange.responseBegun else { return false }
        if isUnseen, !self.exchange.requestEnded, self.current.bytesIn == 0 { return true }
        guard self.exchange.requestEnded, self.head.framing == .none || self.head.framing == .length(0) else {
            return false
        }
        return isUnseen || wasReused && ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(self.head.method)
    }

    // MARK: Chunks (RFC 9112, 7.1)

    private static let lastChunk = ByteBuffer(string: "0\r\n")
    private static let lineEnd = ByteBuffer(string: "\r\n")

    private static func chunkHead(_ size: Int) -> ByteBuffer {
        ByteBuffer(string: String(size, radix: 16) + "\r\n")
    }
}
