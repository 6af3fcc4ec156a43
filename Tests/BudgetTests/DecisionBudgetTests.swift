import CAllocationCounter
import Testing

@Suite("Budgets")
struct BudgetTests {
    @Test("An allocation is counted")
    func counts() {
        let before = gatehouse_allocations()
        let array = [Int](repeating: Int(before), count: 1000)
        #expect(array.count == 1000)
        #expect(gatehouse_allocations() > before)
    }
}
