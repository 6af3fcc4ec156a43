import Gateway
import Testing

/// The place of an exchange in a trace.
struct TraceContextTests {
    private static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func aTraceIsContinuedWithAStepOfOurOwn() {
        let trace = TraceContext(continuing: Self.parent) { [UInt8](repeating: 0xAB, count: $0) }
        #expect(trace.isContinued)
        #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(trace.spanID == "abababababababab")
    }

    @Test func aLaterVersionMayHaveMore() {
        #expect(TraceContext(continuing: "01" + Self.parent.dropFirst(2) + "-more").isContinued)
        #expect(TraceContext(continuing: "01" + Self.parent.dropFirst(2)).isContinued)
    }

    @Test(arguments: [
        nil, "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", parent + "-more", parent + " ",
        "ff" + parent.dropFirst(2), parent.uppercased(), parent + "," + parent,
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
    ])
    func whatCannotBeReadBeginsATrace(_ field: String?) {
        let trace = TraceContext(continuing: field)
        #expect(!trace.isContinued)
        #expect(trace.traceID.utf8.count == 32 && trace.spanID.utf8.count == 16)
        #expect(TraceContext(continuing: field).traceID != trace.traceID)
    }
}
