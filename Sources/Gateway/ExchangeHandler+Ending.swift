import NIOCore

/// The end of a connection: what has come whole is answered, and what has been answered arrives.
extension ExchangeHandler {
    /// How long a browser may take to notice that we have said our last word.
    static let lingerTime = TimeAmount.seconds(3)

    /// The browser has closed its half: it may still be reading, and is answered what it has sent whole.
    func downstreamEndedItsHalf() {
        self.inputHasEnded = true
        if let tunnel = self.tunnel, self.exchange.responseBegun { return self.browserEnded(tunnel) }
        var (body, rest) = (self.body, self.unread)
        if !self.exchange.requestEnded { _ = try? body.skip(in: &rest) }
        if rest.readableBytes == 0 { self.exchange.lastExchange() }
        guard self.exchange.isClosed else { return self.settleEndOfInput() }
        if self.downstream?.unsent == nil { self.abort() } else { self.deadline = self.worker.now }
    }

    /// Nothing more comes. What is here and is no whole request will never be one.
    func settleEndOfInput() {
        guard self.tunnel == nil, !self.exchange.isClosed else { return }
        if self.exchange.isIdle {
            if self.unread.readableBytes == 0 { self.sayLastWord() }
        } else if !self.exchange.requestEnded, !self.body.isComplete(in: self.unread) {
            if self.exchange.isDiscarding { self.sayLastWord() } else { self.abort() }
        }
    }

    /// Ends the connection behind what has been written.
    func sayLastWord() {
        self.exchange.closed()
        self.finishRecord()
        self.deadline = self.worker.now + Self.lingerTime
        self.closeOutput()
    }

    /// Our last word. Closing both ways at once could take its last bytes along, if the browser has sent more meanwhile.
    func closeOutput() {
        self.writeWire()
        self.unflushed = 0
        self.downstream?.flush()
        // What has come behind the last request is taken and thrown away: unread, it would make the kernel break off.
        if self.exchange.isClosed { self.unread = ByteBuffer() }
        self.pump()
        // The end of the second half is that of the connection, whatever it still holds: that has to leave first. A stream
        // of HTTP/2 ends behind what it holds.
        if self.inputHasEnded, !self.arrival.isHTTP2, self.downstream?.unsent != nil {
            self.deadline = self.worker.now
        } else {
            self.downstream?.endOutput()
        }
    }

    /// Nobody has anything more to say, and the time for noticing that is over: unless what has been said is still on its
    /// way. Then it is asked again on each tick, and the time begins anew when the last byte has left.
    func endUnlessDelivering(_ now: NIODeadline) {
        let wasDelivering = self.delivery.wasUnderWay
        if self.isDelivering(now) {
            self.deadline = now
        } else if wasDelivering, self.exchange.isClosed, !self.inputHasEnded, !self.delivery.wasUnderWay {
            self.deadline = now + Self.lingerTime
        } else {
            self.abort()
        }
    }

    /// Whether the browser still takes what it has been sent.
    func isDelivering(_ now: NIODeadline) -> Bool {
        self.delivery.isUnderWay(self.downstream?.unsent, now: now, patience: self.timeouts.idleBody)
    }

    /// Finishes what runs and takes nothing new. A request that has begun to come is one that runs.
    func drain() {
        self.exchange.lastExchange()
        // A stream ends by itself, when the last frame of its answer has left.
        guard self.exchange.isIdle, !self.arrival.isHTTP2, !self.headHasBegun, self.unread.readableBytes == 0 else {
            return
        }
        if self.current.number == 0 {
            self.deadline = min(self.deadline, self.worker.now + Worker.arrivalGrace)
        } else if self.downstream?.unsent == nil {
            self.abort()
        } else {
            self.sayLastWord()
        }
    }
}
