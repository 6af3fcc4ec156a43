import Access
import NIOCore

/// Protocols that a browser switches to: WebSocket, mostly. The decision is made before, like any other.
extension ExchangeHandler {
    /// Notes the protocol that a permitted request may switch to. What the route does not allow is not asked for: the
    /// request is served as it is.
    func allowUpgrade(_ access: AccessRequest, _ permit: Permit) throws(Fault) {
        let upstream = self.worker.upstreams.plan(for: permit.route).upstream
        // HTTP/2 knows no upgrades, and neither do answers of our own.
        guard let wanted = self.head.requestedUpgrade, !upstream.speaksHTTP2, upstream.answers == nil,
            upstream.upgrades.contains(where: { $0.isExactly(wanted) })
        else {
            if self.asksForTunnel { throw .tunnelRefused }
            return
        }
        if self.isForeign(access, besides: upstream.allowedOrigins) { throw .foreignOrigin }
        self.current.upgrade = wanted
    }

    /// A page of somebody else's may open a WebSocket with our cookies, and no preflight asks whether it may.
    private func isForeign(_ access: AccessRequest, besides allowed: [String]) -> Bool {
        guard let origin = self.head.origin else { return false }
        return !origin.isExactly(self.worker.settings.origin(of: access.authority))
            && !allowed.contains { $0.isExactly(origin) }
    }

    /// The same for the request that a front proxy asks about. Some take `Upgrade` away before they ask; what tells a
    /// WebSocket besides stays.
    func isForeignTunnel(_ access: AccessRequest, on route: Route) -> Bool {
        guard self.head.has(.origin), self.head.hasUpgrade || !self.head.values(named: "sec-websocket-key").isEmpty
        else {
            return false
        }
        let allowed = route.hasUpstream ? self.worker.upstreams.plan(for: route).upstream.allowedOrigins : []
        return self.isForeign(access, besides: allowed)
    }

    /// Whether a stream of HTTP/2 is to become a tunnel (RFC 8441). Any answer of success would say that it has.
    var asksForTunnel: Bool { self.head.hasUpgrade && self.arrival.isHTTP2 }

    /// The upstream has answered `101`. It may switch to what the browser has asked for, and to nothing else.
    func upstreamSwitched(_ head: ResponseHead) {
        guard let upgrade = self.current.upgrade, let answered = head.value(named: "upgrade"),
            equalIgnoringCase(answered[...], upgrade), self.exchange.switchedProtocols()
        else { return self.fail(.upstreamSwitchedProtocols) }
        self.current.response = .tunnel
        self.current.status = head.status
        self.body = BodyReader(.untilClose)
        self.tunnel = Tunnel(protocol: upgrade)
        self.upstream?.allowHalfClosure()
        self.writeWire()
        let names = self.worker.settings.cookieNames
        self.putTogether { wire in
            ForwardedResponse.tunnel.write(
                head,
                into: &wire,
                keepAlive: false,
                isPrivate: false,
                requestID: self.current.requestID,
                upgrade: upgrade,
                isOurs: { SetCookie.isOurs(setCookieField: $0, names: names) }
            )
        }
        self.hasWire = true
        // The session may have ended while the application made up its mind, and nobody was told.
        self.becomeLive(checkedAfter: .zero)
        self.extendDeadline()
        // The browser may have sent something already. It has waited, for it is worth nothing before the 101.
        self.pump()
    }

    func tunnel(_ bytes: ByteBuffer, towardsBrowserIn tunnel: Tunnel) {
        var bytes = bytes
        guard tunnel.ending == nil else {
            let rest = tunnel.towardsBrowser.pass(bytes, stoppingBetweenFrames: true)
            if let rest = bytes.readSlice(length: rest) { self.write(rest) }
            if tunnel.towardsBrowser.isBetweenFrames { self.finish(tunnel) }
            return
        }
        if tunnel.isWebSocket { tunnel.towardsBrowser.pass(bytes) }
        self.write(bytes)
        self.extendDeadline()
    }

    /// Ends a tunnel from our side: as soon as a frame of ours may stand there.
    func end(_ tunnel: Tunnel, _ ending: Tunnel.Ending, fault: Fault) {
        guard tunnel.ending == nil, self.exchange.responseBegun else { return }
        self.current.fault = fault
        tunnel.ending = ending
        guard tunnel.isWebSocket, !tunnel.towardsBrowser.isBetweenFrames else { return self.finish(tunnel) }
        self.deadline = self.worker.now + Self.lastFrameTime
    }

    /// How long the rest of a frame is waited for.
    private static let lastFrameTime = TimeAmount.seconds(2)

    private func finish(_ tunnel: Tunnel) {
        if tunnel.isWebSocket, let ending = tunnel.ending {
            if tunnel.towardsBrowser.isBetweenFrames {
                self.write(WebSocketFrames.close(ending.status, ending.reason, masked: false))
            }
            if tunnel.towardsUpstream.isBetweenFrames {
                self.upstream?.write(WebSocketFrames.close(ending.status, ending.reason, masked: true))
                self.upstream?.flush()
            }
        }
        self.dropUpstream()
        self.responseEnded()
    }

    /// Nothing has moved for too long, or the frame that was waited for does not end.
    func tunnelTimedOut(_ tunnel: Tunnel) {
        if tunnel.ending == nil {
            self.end(tunnel, .goingAway, fault: .tunnelIdle)
        } else {
            self.finish(tunnel)
        }
    }

    /// The browser will send nothing more, but may be reading.
    func browserEnded(_ tunnel: Tunnel) {
        guard !tunnel.browserHasEnded, self.exchange.responseBegun else { return }
        tunnel.browserHasEnded = true
        _ = self.exchange.received(.end)
        if tunnel.upstreamHasEnded { self.upstreamEnded(nil) } else { self.upstream?.closeOutput() }
    }

    func upstreamEndedItsHalf() {
        guard let tunnel = self.tunnel, !tunnel.upstreamHasEnded else { return }
        tunnel.upstreamHasEnded = true
        if tunnel.browserHasEnded { return self.upstreamEnded(nil) }
        self.flushNow()
        self.downstream?.endOutput()
    }
}
