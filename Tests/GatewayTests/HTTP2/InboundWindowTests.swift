import Gateway
import Testing

struct InboundWindowTests {
    @Test func aWindowGrowsBackOnceHalfOfItIsUsed() {
        var window = InboundWindow()
        window.received(20_000)
        #expect(window.changed(to: 45_535) == nil)
        #expect(window.taken(20_000) == nil)
        window.received(20_000)
        #expect(window.changed(to: 25_535) == nil, "nobody has taken the second half")
        #expect(window.taken(20_000) == 40_000)
        #expect(window.changed(to: 65_535) == nil)
    }

    @Test func whatNobodyTakesIsNotAskedFor() {
        var window = InboundWindow()
        window.received(65_535)
        #expect(window.changed(to: 0) == nil)
        #expect(window.taken(30_000) == nil)
        #expect(window.taken(35_535) == 65_535)
    }

    @Test func aConnectionTakesAtOnce() {
        var window = InboundWindow()
        #expect(window.changed(to: 32_768) == nil)
        #expect(window.changed(to: 32_767) == 32_768)
    }

    @Test func nothingIsAskedForBehindTheEnd() {
        var window = InboundWindow()
        window.isClosed = true
        window.received(65_535)
        #expect(window.changed(to: 0) == nil)
        #expect(window.taken(65_535) == nil)
    }
}
