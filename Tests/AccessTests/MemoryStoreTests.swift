import Access
import OpenIDConnect
import TestSupport
import Testing

struct MemoryStoreTests {
    private static let hour = Duration.seconds(3600)

    private static func make(capacity: Int = 1000) -> (store: MemoryStore, driver: StoreDriver, clock: ManualClock) {
        let clock = ManualClock()
        let store = MemoryStore(capacity: capacity) { clock.now }
        return (store, StoreDriver { $0(store) }, clock)
    }

    @Test func `it keeps what every store promises`() async throws {
        let (_, driver, clock) = Self.make()
        try await checkSessionStoreContract(driver) { clock.advance(by: $0) }
    }

    @Test func `it answers before it returns`() {
        let (store, _, _) = Self.make()
        var answers = 0
        store.save(Ticket.make().key, [1], expiresIn: Self.hour) { _ in answers += 1 }
        store.load(Ticket.make().key) { _ in answers += 1 }
        store.ping { _ in answers += 1 }
        #expect(answers == 3)
    }

    @Test func `sets are rid of sessions that have ended`() async throws {
        let (_, store, clock) = Self.make()
        let everybody = SessionIndex.shares[0]
        for _ in 0..<1000 { try await store.enter(Ticket.make().key, in: [everybody], expiresIn: Self.hour) }
        #expect(try await store.keys(in: everybody).count == 1000, "they may be just being saved")
        clock.advance(by: .seconds(61))
        for _ in 0..<1000 { try await store.enter(Ticket.make().key, in: [everybody], expiresIn: Self.hour) }
        #expect(try await store.keys(in: everybody).count <= 1000)
    }

    @Test func `a record ends on the second`() async throws {
        let (_, store, clock) = Self.make()
        let key = Ticket.make().key
        try await store.save(key, [1], expiresIn: .seconds(10))
        clock.advance(by: .seconds(9))
        #expect(try await store.load(key)?.idleRemaining == .seconds(1))
        clock.advance(by: .seconds(1))
        #expect(try await store.load(key) == nil)
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .seconds(Int64.min)])
    func `what is saved for no time is not there`(_ duration: Duration) async throws {
        let (_, store, _) = Self.make()
        let key = Ticket.make().key
        try await store.save(key, [1], expiresIn: duration)
        #expect(try await store.load(key) == nil)
    }

    @Test func `what is saved for ever is there`() async throws {
        let (_, store, clock) = Self.make()
        let key = Ticket.make().key
        try await store.save(key, [1], expiresIn: .seconds(Int64.max))
        clock.advance(by: .seconds(1 << 60))
        #expect(try await store.load(key) != nil)
        try await store.save(key, [1], expiresIn: .milliseconds(1))
        #expect(try await store.load(key)?.idleRemaining == .seconds(1), "a fraction is rounded up")
    }

    @Test func `when it is full the longest idle goes`() async throws {
        let (store, driver, _) = Self.make(capacity: 3)
        let keys = (0..<4).map { _ in Ticket.make().key }
        for key in keys.prefix(3) { try await driver.save(key, [1], expiresIn: Self.hour) }
        #expect(try await driver.load(keys[0]) != nil, "and so it is the latest used")
        try await driver.extend(keys[1], expiresIn: Self.hour)
        try await driver.save(keys[3], [1], expiresIn: Self.hour)
        #expect(store.count == 3)
        #expect(try await driver.load(keys[2]) == nil)
        for key in [keys[0], keys[1], keys[3]] { #expect(try await driver.load(key) != nil) }
    }

    @Test func `the expired go without being asked for`() async throws {
        let (store, driver, clock) = Self.make(capacity: 100)
        for _ in 0..<50 { try await driver.save(Ticket.make().key, [1], expiresIn: .seconds(1)) }
        let kept = Ticket.make().key
        try await driver.save(kept, [1], expiresIn: Self.hour)
        clock.advance(by: .seconds(2))
        for _ in 0..<40 { try await driver.save(Ticket.make().key, [1], expiresIn: Self.hour) }
        #expect(store.count == 41)
        #expect(try await driver.load(kept) != nil)
    }

    @Test func `claims are bounded and take no room from sessions`() async throws {
        let (store, driver, _) = Self.make(capacity: 3)
        let key = Ticket.make().key
        try await driver.save(key, [1], expiresIn: Self.hour)
        for number in 0..<100 { #expect(try await driver.claim([UInt8(number)], expiresIn: Self.hour)) }
        #expect(try await driver.claim([99], expiresIn: Self.hour) == false)
        #expect(try await driver.load(key) != nil)
        #expect(store.count == 1)
    }

    @Test func `it does what a plain dictionary does`() async throws {
        let (_, store, clock) = Self.make(capacity: 1000)
        var generator = SeededGenerator(seed: 6)
        let keys = (0..<12).map { _ in Ticket.make().key }
        var model: [SessionKey: (box: [UInt8], end: Int64)] = [:]
        for step in 0..<3000 {
            guard let key = keys.randomElement(using: &generator) else { continue }
            let now = clock.now.seconds
            let live = model[key].flatMap { $0.end > now ? $0 : nil }
            let seconds = Int64.random(in: 1...20, using: &generator)
            let box = [UInt8(truncatingIfNeeded: step)]
            switch Int.random(in: 0..<7, using: &generator) {
            case 0:
                try await store.save(key, box, expiresIn: .seconds(seconds))
                model[key] = (box, now + seconds)
            case 1:
                let expected = live?.box ?? []
                let replacement = try await store.replace(key, expected, with: box, expiresIn: .seconds(seconds))
                #expect(replacement == (live == nil ? .absent : .done))
                if live != nil { model[key] = (box, now + seconds) }
            case 2:
                try await store.extend(key, expiresIn: .seconds(seconds))
                if let live { model[key] = (live.box, now + seconds) }
            case 3:
                #expect(try await store.remove(key) == (live != nil))
                model[key] = nil
            case 4: clock.advance(by: .seconds(seconds / 4))
            default:
                let record = try await store.load(key)
                #expect(record?.box == live?.box)
                #expect(record?.idleRemaining == live.map { .seconds($0.end - now) })
            }
        }
    }

    @Test func `many threads share it`() async throws {
        let (store, driver, _) = Self.make(capacity: 64)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 {
                        let key = Ticket.make().key
                        try? await driver.save(key, key.bytes, expiresIn: Self.hour)
                        if let record = try? await driver.load(key) { #expect(record.box == key.bytes) }
                    }
                }
            }
        }
        #expect(store.count <= 64)
    }
}
