import NIOCore

/// How long anybody is waited for.
extension ExchangeHandler {
    /// Something moved.
    func extendDeadline() {
        guard self.tunnel == nil else {
            self.deadline = self.worker.now + self.timeouts.idleTunnel
            return
        }
        let patience =
            self.exchange.responseBegun || !self.exchange.requestEnded
            ? self.timeouts.idleBody : self.timeouts.upstreamResponse
        self.deadline = self.worker.now + patience
    }

    func checkDeadline(_ now: NIODeadline) {
        self.becomeLiveIfLong(now)
        guard now >= self.deadline else { return }
        self.deadline = .distantFuture
        if let tunnel = self.tunnel, self.exchange.responseBegun { return self.tunnelTimedOut(tunnel) }
        if self.exchange.isIdle, self.headHasBegun {
            self.failWithoutRequest(.requestTimedOut)
        } else if self.exchange.isIdle || self.exchange.isClosed || self.exchange.isDiscarding {
            self.abort()
        } else {
            guard self.exchange.requestEnded else { return self.fail(.requestTimedOut) }
            if let upstream = self.upstream, !self.exchange.responseBegun {
                self.worker.upstreams.failed(upstream.origin)
            }
            self.fail(.upstreamSilent)
        }
    }

    /// Finishes what runs and takes nothing new.
    func drain() {
        self.exchange.lastExchange()
        if self.exchange.isIdle { self.abort() }
    }
}
