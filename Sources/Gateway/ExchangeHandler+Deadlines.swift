import Access
import NIOCore

/// How long anybody is waited for.
extension ExchangeHandler {
    /// Something moved.
    func extendDeadline() {
        if let tunnel = self.tunnel {
            // One that is to end ends in time, whatever still moves.
            if tunnel.ending == nil { self.deadline = self.worker.now + self.timeouts.idleTunnel }
            return
        }
        let patience =
            self.exchange.responseBegun || !self.exchange.requestEnded
            ? self.timeouts.idleBody : self.timeouts.upstreamResponse
        self.deadline = self.worker.now + patience
    }

    func checkDeadline(_ now: NIODeadline) {
        self.becomeLiveIfLong(now)
        self.checkBodyRate(now)
        guard now >= self.deadline else { return }
        self.deadline = .distantFuture
        if let tunnel = self.tunnel, self.exchange.responseBegun { return self.tunnelTimedOut(tunnel) }
        if self.exchange.isIdle, self.headHasBegun {
            self.failWithoutRequest(.requestTimedOut)
        } else if self.exchange.isIdle || self.exchange.isClosed || self.exchange.isDiscarding {
            self.endUnlessDelivering(now)
        } else {
            guard self.exchange.requestEnded else { return self.fail(.requestTimedOut) }
            if self.exchange.responseBegun, !self.canTakeResponse {
                // The upstream is silent because it is held back.
                guard self.isDelivering(now) else { return self.fail(.responseNotTaken) }
                self.deadline = now
                return
            }
            if self.exchange.responseBegun, self.delivery.wasUnderWay {
                // The browser has caught up just now. The upstream's time begins.
                self.delivery = Delivery()
                return self.extendDeadline()
            }
            if let upstream = self.upstream, !self.exchange.responseBegun {
                self.worker.upstreams.failed(upstream.origin)
            }
            self.fail(.upstreamSilent)
        }
    }

    /// Pauses are limited by `idleBody`; who sends a byte now and then would never pause so long.
    private func checkBodyRate(_ now: NIODeadline) {
        let rate = self.worker.settings.configuration.limits.bodyRate
        guard rate > 0, self.current.isUnderWay, !self.exchange.requestEnded, !self.exchange.responseBegun,
            !self.exchange.isDiscarding
        else { return }
        let bytes = self.current.bytesIn + self.current.body.count
        let next = BodyWindow(exchange: self.current.number, bytes: bytes, end: now + self.timeouts.slowBody)
        // While the upstream holds the body back, the browser is not to blame.
        let isAwaited = self.exchange.acceptsParts && self.upstream?.isWritable ?? true
        guard isAwaited, self.bodyWindow.exchange == next.exchange else {
            self.bodyWindow = next
            return
        }
        guard now >= self.bodyWindow.end else { return }
        let wanted = Double(rate) * Double(self.timeouts.slowBody.nanoseconds) / 1e9
        let isSlow = Double(bytes - self.bodyWindow.bytes) < wanted
        self.bodyWindow = next
        if isSlow, !self.isConversation { self.fail(.bodyTooSlow) }
    }

    /// A call of gRPC may say little for long, and its answer may begin only with its end.
    private var isConversation: Bool {
        guard let route = self.current.permit?.route, self.head.isGRPC else { return false }
        return self.worker.upstreams.plan(for: route).upstream.speaksHTTP2
    }
}

/// What a request's body has brought before, and when it is asked again.
struct BodyWindow {
    var exchange = 0
    var bytes = 0
    var end = NIODeadline.distantFuture
}
