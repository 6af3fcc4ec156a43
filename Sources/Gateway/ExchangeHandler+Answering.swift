import Access
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// Bytes to the browser, answers of our own, and the end of an exchange.
extension ExchangeHandler {
    /// Whether the browser takes more just now.
    var canTakeResponse: Bool { self.downstream?.isWritable ?? true }

    func downstreamBecameWritable() {
        self.upstream?.partnerBecameWritable()
        // The next request may have waited for it.
        if self.exchange.isIdle { self.pump() }
    }

    /// Hands `wire` over to the channel.
    func writeWire() {
        guard self.hasWire else { return }
        self.hasWire = false
        var kept: ByteBuffer?
        swap(&kept, &self.output)
        // The channel is done with the last one, mostly; then its storage is used again.
        var output = kept.take() ?? ByteBuffer()
        output.clear()
        self.putTogether { wire in
            output.writeBytes(wire.bytes)
            wire.clear()
        }
        self.current.bytesOut += output.readableBytes
        self.unflushed += output.readableBytes
        self.downstream?.write(output)
        self.output = output
    }

    /// Lets something be written into `wire`, which is taken out meanwhile: what is only ever swapped or replaced need not
    /// be checked, at each of its many uses, for a change that is under way. `output` is treated alike.
    func putTogether(_ body: (inout WireBytes) -> Void) {
        var wire = WireBytes()
        swap(&wire, &self.wire)
        body(&wire)
        self.wire = wire
    }

    func write(_ bytes: ByteBuffer) {
        self.writeWire()
        self.current.bytesOut += bytes.readableBytes
        self.unflushed += bytes.readableBytes
        self.downstream?.write(bytes)
    }

    /// Flushes what has been written to either side, when the burst is over and the loop's turn, too.
    func flush() {
        guard !self.isInBurst, !self.willFlush else { return }
        // A connection of HTTP/2 waits for the end of the turn itself, for all of its streams.
        if self.arrival.isHTTP2 { return self.flushNow() }
        self.willFlush = true
        self.worker.turn.flushAtEnd(self)
    }

    func flushNow() {
        self.willFlush = false
        self.upstream?.flush()
        self.writeWire()
        guard self.unflushed > 0 else { return }
        self.unflushed = 0
        self.downstream?.flush()
    }

    /// Sends an answer of our own and ends the exchange.
    func answer(_ answer: Answer) {
        let answer = self.arrival.isHTTP2 && !self.asksForTunnel && self.head.isGRPC ? answer.asGRPC : answer
        guard self.beginAnswer(status: Int(answer.status.code)) else { return }
        if let fault = answer.fault { self.current.fault = fault }
        self.putTogether { wire in
            answer.write(
                into: &wire,
                keepAlive: self.exchange.keepAlive,
                toHTTP10: self.head.isHTTP10,
                withoutBody: self.head.isHEAD,
                requestID: self.current.requestID,
                date: self.worker.httpDate,
                strictTransport: self.worker.settings.strictTransport
            )
        }
        self.endAnswer()
    }

    /// `false`: there is nobody to answer.
    func beginAnswer(status: Int) -> Bool {
        guard self.current.isUnderWay, !self.exchange.isClosed, !self.exchange.responseBegun else { return false }
        if !self.exchange.requestEnded {
            // Nobody will read the rest of this body.
            if self.skipRestOfRequest() { self.exchange.requestWasWaiting() } else { self.exchange.lastExchange() }
        }
        self.dropUpstream()
        self.current.status = status
        return true
    }

    /// All of it stands in `wire`.
    func endAnswer() {
        self.hasWire = true
        self.responseEnded()
        self.flush()
    }

    func fail(_ fault: Fault) {
        self.worker.metrics.count(fault.source)
        if let limit = fault.limit { self.worker.metrics.count(limit) }
        switch self.exchange.failed() {
        case .answer:
            let asPage = self.current.wantsPage
            let requestID = self.current.requestID.description
            if asPage, fault.isUnreadableSession { return self.answer(self.unreadableSession(fault, requestID)) }
            self.answer(.fault(fault, asPage: asPage, requestID: requestID))
        case .abort:
            self.current.fault = fault
            self.abort()
        case .none: break
        }
    }

    /// A record that cannot be opened would be a dead end without a way around it.
    private func unreadableSession(_ fault: Fault, _ requestID: String) -> Answer {
        let target = self.current.access.flatMap { ReturnURL($0.target) } ?? .root
        let query = FormEncoding.encode([("rd", target.text)])
        let href = self.party.settings.configuration.paths.signIn + "?" + query
        return .fault(
            fault,
            asPage: true,
            actions: [.link(label: "Sign in again", href: href)],
            requestID: requestID
        )
    }

    /// What has arrived is no request, or not in time: it is answered all the same, as the connection's last.
    func failWithoutRequest(_ fault: Fault) {
        self.head.reset()
        self.current.begin()
        self.current.requestID = self.worker.makeRequestID()
        self.exchange.lastExchange()
        _ = self.exchange.received(.head(keepAlive: false))
        self.exchange.requestWasWaiting()
        self.fail(fault)
    }

    /// The response is complete; the exchange is, too, if the request is.
    func responseEnded() {
        switch self.exchange.responseEnded() {
        case .complete(let keepAlive): self.complete(keepAlive: keepAlive)
        case nil where self.exchange.isDiscarding:
            self.deadline = self.worker.now + Self.lingerTime
            if !self.exchange.keepAlive { self.closeOutput() }
            self.pump()
        default: break
        }
    }

    func complete(keepAlive: Bool) {
        self.writeWire()
        self.finishRecord()
        if keepAlive {
            if let successor = self.worker.latest { self.follow(successor) }
            self.deadline = self.worker.now + self.timeouts.keepAlive
            self.pump()
        } else {
            self.deadline = self.worker.now + Self.lingerTime
            self.closeOutput()
        }
    }

    func dropUpstream() {
        self.upstream?.release(reusable: false)
        self.upstream = nil
    }

    func finishRecord() {
        guard self.current.isUnderWay else { return }
        if self.current.isLive, let session = self.current.session { self.worker.live.remove(self, for: session) }
        self.delivery = Delivery()
        self.worker.record(self.current, client: self.peer)
        self.current.end()
    }
}
