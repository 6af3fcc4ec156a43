import Command
import Testing

struct InheritedSocketsTests {
    private func read(_ environment: [String: String]) -> [String: CInt] {
        InheritedSockets.read(environment, processID: 7)
    }

    @Test func socketsHaveNamesAndNumbers() {
        let environment = ["LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "web:plain"]
        #expect(self.read(environment) == ["1": 3, "web": 3, "2": 4, "plain": 4])
        #expect(self.read(["LISTEN_PID": "7", "LISTEN_FDS": "1"]) == ["1": 3])
    }

    @Test func thoseOfAnotherProcessAreNotOurs() {
        #expect(self.read(["LISTEN_PID": "8", "LISTEN_FDS": "1"]).isEmpty)
        #expect(self.read(["LISTEN_FDS": "1"]).isEmpty)
    }

    @Test(arguments: ["", "0", "-1", "x", "99999999999"])
    func aCountThatIsNoneGivesNone(_ count: String) {
        #expect(self.read(["LISTEN_PID": "7", "LISTEN_FDS": count]).isEmpty)
    }
}
