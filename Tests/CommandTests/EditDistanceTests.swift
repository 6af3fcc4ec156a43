import Command
import Testing

struct EditDistanceTests {
    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "abc", 3), ("same", "same", 0), ("SAME", "same", 0),
        ("listne", "listen", 1), ("clientid", "client_id", 1), ("client-id", "client_id", 1), ("kitten", "sitting", 3),
        ("ca", "abc", 3), ("ab", "ba", 1), ("é", "e", 2),
    ])
    func theFewestChangesAreCounted(_ first: String, _ second: String, _ distance: Int) {
        #expect(EditDistance.between(first, second) == distance)
        #expect(EditDistance.between(second, first) == distance)
    }

    @Test func theNearestWordIsFound() {
        let words = ["listen", "public_url", "workers", "trusted_proxies"]
        #expect(EditDistance.nearest(to: "listne", among: words) == "listen")
        #expect(EditDistance.nearest(to: "publicUrl", among: words) == "public_url")
        #expect(EditDistance.nearest(to: "trusted-proxy", among: words) == "trusted_proxies")
        #expect(EditDistance.nearest(to: "worker", among: words) == "workers")
    }

    @Test func aWordThatIsFarFromAllHasNoNearest() {
        #expect(EditDistance.nearest(to: "password", among: ["listen", "workers"]) == nil)
        #expect(EditDistance.nearest(to: "", among: ["a"]) == nil)
        #expect(EditDistance.nearest(to: "x", among: []) == nil)
        #expect(EditDistance.nearest(to: "idle", among: ["store"]) == nil)
    }

    @Test func veryLongWordsAreNotCompared() {
        let long = String(repeating: "a", count: 100_000)
        #expect(EditDistance.nearest(to: long, among: [long]) == nil)
        #expect(EditDistance.nearest(to: "a", among: [long]) == nil)
    }
}
