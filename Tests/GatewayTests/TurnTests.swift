import Gateway
import NIOCore
import NIOEmbedded
import Testing

@Suite struct TurnTests {
    private let loop = EmbeddedEventLoop()

    /// Notes each flush, and may have more to send by then.
    private final class Connection: Flushing {
        let name: String
        let log: Log
        var next: (() -> Void)?

        init(_ name: String, _ log: Log) {
            self.name = name
            self.log = log
        }

        func flushNow() {
            self.log.names.append(self.name)
            self.next?()
            self.next = nil
        }
    }

    private final class Log {
        var names: [String] = []
    }

    @Test func whatIsToBeSentWaitsForTheEndAndKeepsItsOrder() {
        let turn = Turn(eventLoop: self.loop)
        let log = Log()
        let connections = ["a", "b", "c"].map { Connection($0, log) }
        for connection in connections { turn.flushAtEnd(connection) }
        #expect(log.names == [])
        self.loop.run()
        #expect(log.names == ["a", "b", "c"])
        self.loop.run()
        #expect(log.names == ["a", "b", "c"], "once")
    }

    @Test func whatComesUpAtTheEndIsSentAtTheNext() {
        let turn = Turn(eventLoop: self.loop)
        let log = Log()
        let (first, second) = (Connection("first", log), Connection("second", log))
        first.next = { turn.flushAtEnd(first) }
        turn.flushAtEnd(first)
        turn.flushAtEnd(second)
        self.loop.run()
        #expect(log.names == ["first", "second", "first"])
    }

    @Test func nobodyIsHeldBehindTheEnd() {
        let turn = Turn(eventLoop: self.loop)
        let log = Log()
        weak var connection: Connection?
        do {
            let gone = Connection("gone", log)
            connection = gone
            turn.flushAtEnd(gone)
        }
        #expect(connection != nil)
        self.loop.run()
        #expect(log.names == ["gone"])
        #expect(connection == nil)
    }
}
