import Access
import Testing

struct SessionStoreTests {
    @Test func `a fault shows its kind and keeps its details for debugging`() {
        let fault = StoreFault(kind: .timeout, detail: "10.0.0.1:6379")
        #expect("\(fault)" == "session store: timeout")
        #expect(String(reflecting: fault).contains("10.0.0.1"))
    }
}
