import CAllocationCounter
import Testing

/// Budgets hold for what is shipped: a debug build allocates about twice as much.
#if DEBUG
    let isRelease = false
#else
    let isRelease = true
#endif

/// Allocations of this thread for each round of `body`, once caches are warm and storage has its size.
///
/// Rounded down: what happens less than once a round, such as a table that grows, is nobody's budget.
func allocations(rounds: Int = 1000, _ body: () throws -> Void) rethrows -> Int {
    for _ in 0..<100 { try body() }
    let before = gatehouse_allocations()
    for _ in 0..<rounds { try body() }
    return Int(gatehouse_allocations() - before) / rounds
}

struct CountingTests {
    @Test func anAllocationIsCounted() {
        var arrays: [[Int]] = []
        arrays.reserveCapacity(2000)
        #expect(allocations { arrays.append([Int](repeating: arrays.count, count: 10)) } == 1)
        #expect(arrays.count == 1100)
    }

    @Test func whatAllocatesNothingCostsNothing() {
        var sum = 0
        #expect(allocations { sum &+= sum &* 3 &+ 1 } == 0)
        #expect(sum != 0)
    }
}
