import Gateway
import NIOHTTP1
import Testing

/// What a page says about a fault: whose turn it is, nothing of the inside.
struct PageTextTests {
    private let sources: [Fault.Source] = [.downstream, .upstream, .provider, .store, .gateway]

    @Test func neitherReasonNorDetailIsShown() {
        for source in self.sources {
            let text = Page.Text(Fault(source, .serviceUnavailable, "the-reason", detail: "the-detail"))
            #expect(!text.title.isEmpty && !text.message.isEmpty)
            #expect(!(text.title + text.message).contains("the-"))
        }
    }

    @Test func aStoreThatFailsDoesNotTellUsersThatTheyAreSignedOut() {
        let text = Page.Text(Fault(.store, .serviceUnavailable, "x"))
        #expect(text.message.contains("still signed in"))
    }

    @Test func aRecordThatTimeDoesNotHealIsNotSaidToPass() {
        #expect(Page.Text(.unreadableSession).message.contains("sign in anew"))
    }

    @Test func aProviderThatFailsIsNamedBeforeItsStatus() {
        #expect(Page.Text(Fault(.provider, .gatewayTimeout, "x")).title == "The sign-in service is not available")
    }

    @Test func whoMayNotEnterIsToldWhomToAsk() {
        #expect(Page.Text(Fault(.gateway, .forbidden, "x")).title == "You may not open this page")
        #expect(Page.Text(Fault(.downstream, .forbidden, "x")).title == "You may not open this page")
    }

    @Test func aSlowApplicationIsNotAnAbsentOne() {
        let slow = Page.Text(Fault(.upstream, .gatewayTimeout, "x"))
        let absent = Page.Text(Fault(.upstream, .badGateway, "x"))
        #expect(slow.title != absent.title)
    }
}
