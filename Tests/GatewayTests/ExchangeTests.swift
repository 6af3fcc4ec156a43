import Gateway
import Testing

/// Conversations with the state machine: what happens, and what it says to that.
struct ExchangeTests {
    /// A GET that has been permitted and sent to its upstream.
    private func forwarded(keepAlive: Bool = true) -> Conversation {
        let exchange = Conversation()
        _ = exchange.received(.head(keepAlive: keepAlive))
        _ = exchange.permitted()
        _ = exchange.leased()
        _ = exchange.received(.end)
        return exchange
    }

    @Test func aRequestIsDecidedBeforeAnythingElseOfItIsTaken() {
        let exchange = Conversation()
        #expect(exchange.received(.head(keepAlive: true)) == .decide)
        #expect(!exchange.acceptsParts)
    }

    @Test func aPermittedRequestFlowsWhenItsUpstreamIsThere() {
        let exchange = Conversation()
        _ = exchange.received(.head(keepAlive: true))
        #expect(exchange.permitted())
        #expect(!exchange.acceptsParts)
        #expect(exchange.leased())
        #expect(exchange.received(.body) == .forwardBody)
        #expect(exchange.received(.end) == .forwardEnd)
        #expect(exchange.responseBegan())
        #expect(exchange.responseEnded() == .complete(keepAlive: true))
        #expect(exchange.isIdle)
    }

    @Test func behindASwitchOfProtocolsEverythingIsTheUpstreams() {
        let exchange = self.forwarded()
        #expect(exchange.switchedProtocols())
        #expect(exchange.acceptsParts)
        #expect(exchange.received(.body) == .forwardBody)
        #expect(exchange.received(.end) == .forwardEnd)
        #expect(exchange.responseEnded() == .complete(keepAlive: false))
        #expect(!exchange.acceptsParts)
    }

    @Test func nobodySwitchesProtocolsTwiceOrAfterAnAnswer() {
        let exchange = self.forwarded()
        #expect(exchange.switchedProtocols())
        #expect(!exchange.switchedProtocols())
        let answered = self.forwarded()
        #expect(answered.responseBegan())
        #expect(!answered.switchedProtocols())
    }

    @Test func theNextRequestOnTheConnectionIsDecidedAnew() {
        let exchange = self.forwarded()
        _ = exchange.responseBegan()
        _ = exchange.responseEnded()
        #expect(exchange.received(.head(keepAlive: true)) == .decide)
    }

    @Test func aConnectionThatIsToEndTakesNoOtherRequest() {
        let exchange = self.forwarded(keepAlive: false)
        _ = exchange.responseBegan()
        #expect(exchange.responseEnded() == .complete(keepAlive: false))
        #expect(exchange.isClosed)
        #expect(exchange.received(.head(keepAlive: true)) == .close)
    }

    @Test func theRestOfARefusedRequestIsThrownAway() {
        let exchange = Conversation()
        _ = exchange.received(.head(keepAlive: true))
        #expect(exchange.responseEnded() == nil)
        #expect(exchange.received(.body) == .discard)
        #expect(exchange.received(.end) == .complete(keepAlive: true))
    }

    @Test func aResponseThatIsFasterThanItsRequestWaitsForTheRequestsEnd() {
        let exchange = Conversation()
        _ = exchange.received(.head(keepAlive: true))
        _ = exchange.permitted()
        _ = exchange.leased()
        _ = exchange.responseBegan()
        #expect(exchange.responseEnded() == nil)
        #expect(exchange.isDiscarding)
        #expect(exchange.received(.end) == .complete(keepAlive: true))
    }

    @Test func aFailureIsAnsweredAsLongAsNothingHasBeenSaid() {
        let exchange = self.forwarded()
        #expect(exchange.failed() == .answer)
    }

    @Test func aFailureInTheMiddleOfAResponseEndsTheConnection() {
        let exchange = self.forwarded()
        _ = exchange.responseBegan()
        #expect(exchange.failed() == .abort)
        #expect(exchange.isClosed)
    }

    @Test func aSecondHeadFromTheUpstreamIsNotTaken() {
        let exchange = self.forwarded()
        #expect(exchange.responseBegan())
        #expect(!exchange.responseBegan())
    }

    @Test func aDecisionThatComesAfterTheBrowserLeftChangesNothing() {
        let exchange = Conversation()
        _ = exchange.received(.head(keepAlive: true))
        exchange.closed()
        #expect(!exchange.permitted())
        #expect(!exchange.leased())
        #expect(exchange.failed() == .none)
    }

    @Test func aDeadReusedConnectionIsReplacedAndTheRequestFlowsAgain() {
        let exchange = self.forwarded()
        exchange.retrying()
        #expect(!exchange.acceptsParts)
        #expect(exchange.leased())
        #expect(exchange.responseBegan())
        #expect(exchange.responseEnded() == .complete(keepAlive: true))
    }

    @Test func aBodyWithoutAHeadClosesTheConnection() {
        let exchange = Conversation()
        #expect(exchange.received(.body) == .close)
        #expect(exchange.isClosed)
    }
}

/// The machine in a box: what cannot be copied, `#expect` cannot look at.
private final class Conversation {
    private var exchange = Exchange()

    var acceptsParts: Bool { self.exchange.acceptsParts }
    var isIdle: Bool { self.exchange.isIdle }
    var isClosed: Bool { self.exchange.isClosed }
    var isDiscarding: Bool { self.exchange.isDiscarding }

    func received(_ part: Exchange.Part) -> Exchange.PartAction { self.exchange.received(part) }
    func permitted() -> Bool { self.exchange.permitted() }
    func leased() -> Bool { self.exchange.leased() }
    func retrying() { self.exchange.retrying() }
    func switchedProtocols() -> Bool { self.exchange.switchedProtocols() }
    func responseBegan() -> Bool { self.exchange.responseBegan() }
    func responseEnded() -> Exchange.PartAction? { self.exchange.responseEnded() }
    func failed() -> Exchange.FailureAction { self.exchange.failed() }
    func closed() { self.exchange.closed() }
}
