import Cryptography
import Testing

struct ThreadContextsTests {
    @Test func manyTasksAtOnceDoNotDisturbEachOther() async throws {
        let ring = try KeyRing([.generate()])
        let expected = (0..<64).map { Digest.sha256([UInt8($0)]) }
        let failures = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<64 {
                group.addTask {
                    var failures = 0
                    for round in 0..<50 {
                        let box = try ring.seal([UInt8(task)], for: "test", secret: [UInt8(round)], context: [])
                        await Task.yield()
                        let opened = try ring.open(box, for: "test", secret: [UInt8(round)], context: [])
                        if opened != [UInt8(task)] || Digest.sha256(opened) != expected[task] { failures += 1 }
                    }
                    return failures
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(failures == 0)
    }

    @Test func aRefusedBoxLeavesNothingBehind() throws {
        let ring = try KeyRing([.generate()])
        let box = try ring.seal([1, 2, 3], for: "test", secret: [], context: [])
        for _ in 0..<10 {
            #expect(throws: CryptographyError.boxRefused) { try ring.open(box, for: "other", secret: [], context: []) }
            #expect(try ring.open(box, for: "test", secret: [], context: []) == [1, 2, 3])
            #expect(Digest.sha256([]).first == 0xE3)
        }
    }
}
