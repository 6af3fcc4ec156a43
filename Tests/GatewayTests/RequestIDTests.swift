import Gateway
import Testing

/// The id that ties lines and pages together.
struct RequestIDTests {
    @Test func itIsWrittenAsItReads() {
        for id in [RequestID("given"), RequestID(prefix: "ours-", number: 0), RequestID(prefix: "", number: .max)] {
            var wire = WireBytes()
            wire.append(id)
            #expect(text(wire.bytes) == id.description)
        }
        #expect(RequestID(prefix: "a", number: 31).description == "av")
        #expect(RequestID(prefix: "a", number: 32).description == "a10")
    }
}
