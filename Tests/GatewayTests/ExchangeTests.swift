import Gateway
import Testing

/// Conversations with the state machine: what happens, and what it says to that.
struct ExchangeTests {
    /// A GET that has been permitted and sent to its upstream.
    private func forwarded(keepAlive: Bool = true) -> Exchange {
        var exchange = Exchange()
        _ = exchange.received(.head(keepAlive: keepAlive))
        _ = exchange.permitted()
        _ = exchange.leased()
        _ = exchange.received(.end)
        return exchange
    }

    @Test func aRequestIsDecidedBeforeAnythingElseOfItIsTaken() {
        var exchange = Exchange()
        #expect(exchange.received(.head(keepAlive: true)) == .decide)
        #expect(!exchange.acceptsParts)
    }

    @Test func aPermittedRequestFlowsWhenItsUpstreamIsThere() {
        var exchange = Exchange()
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

    @Test func theNextRequestOnTheConnectionIsDecidedAnew() {
        var exchange = self.forwarded()
        _ = exchange.responseBegan()
        _ = exchange.responseEnded()
        #expect(exchange.received(.head(keepAlive: true)) == .decide)
    }

    @Test func aConnectionThatIsToEndTakesNoOtherRequest() {
        var exchange = self.forwarded(keepAlive: false)
        _ = exchange.responseBegan()
        #expect(exchange.responseEnded() == .complete(keepAlive: false))
        #expect(exchange.isClosed)
        #expect(exchange.received(.head(keepAlive: true)) == .close)
    }

    @Test func theRestOfARefusedRequestIsThrownAway() {
        var exchange = Exchange()
        _ = exchange.received(.head(keepAlive: true))
        #expect(exchange.responseEnded() == nil)
        #expect(exchange.received(.body) == .discard)
        #expect(exchange.received(.end) == .complete(keepAlive: true))
    }

    @Test func aResponseThatIsFasterThanItsRequestWaitsForTheRequestsEnd() {
        var exchange = Exchange()
        _ = exchange.received(.head(keepAlive: true))
        _ = exchange.permitted()
        _ = exchange.leased()
        _ = exchange.responseBegan()
        #expect(exchange.responseEnded() == nil)
        #expect(exchange.isDiscarding)
        #expect(exchange.received(.end) == .complete(keepAlive: true))
    }

    @Test func aFailureIsAnsweredAsLongAsNothingHasBeenSaid() {
        var exchange = self.forwarded()
        #expect(exchange.failed() == .answer)
    }

    @Test func aFailureInTheMiddleOfAResponseEndsTheConnection() {
        var exchange = self.forwarded()
        _ = exchange.responseBegan()
        #expect(exchange.failed() == .abort)
        #expect(exchange.isClosed)
    }

    @Test func aSecondHeadFromTheUpstreamIsNotTaken() {
        var exchange = self.forwarded()
        #expect(exchange.responseBegan())
        #expect(!exchange.responseBegan())
    }

    @Test func aDecisionThatComesAfterTheBrowserLeftChangesNothing() {
        var exchange = Exchange()
        _ = exchange.received(.head(keepAlive: true))
        exchange.closed()
        #expect(!exchange.permitted())
        #expect(!exchange.leased())
        #expect(exchange.failed() == .none)
    }

    @Test func aDeadReusedConnectionIsReplacedAndTheRequestFlowsAgain() {
        var exchange = self.forwarded()
        exchange.retrying()
        #expect(!exchange.acceptsParts)
        #expect(exchange.leased())
        #expect(exchange.responseBegan())
        #expect(exchange.responseEnded() == .complete(keepAlive: true))
    }

    @Test func aBodyWithoutAHeadClosesTheConnection() {
        var exchange = Exchange()
        #expect(exchange.received(.body) == .close)
        #expect(exchange.isClosed)
    }
}
