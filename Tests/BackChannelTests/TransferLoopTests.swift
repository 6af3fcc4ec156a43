import BackChannel
import Testing

@Suite(.timeLimit(.minutes(1))) struct TransferLoopTests {
    @Test func requestsBeyondTheLimitWaitTheirTurn() async throws {
        let inside = Counter()
        let server = try LoopbackServer { connection in
            while connection.readRequest() != nil {
                inside.up()
                connection.waitForPeer(milliseconds: 5)
                inside.down()
                connection.send(LoopbackServer.answer("ok"))
            }
        }
        let channel = try makeBackChannel { $0.maximumConcurrentTransfers = 3 }
        let url = server.url()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 { group.addTask { try await channel.send(BackChannelRequest(url: url)).status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(inside.most <= 3)
    }

    /// A channel for one request at a time, and the one that takes it.
    private func occupied() async throws -> (BackChannel, LoopbackServer, Task<BackChannelError?, Never>) {
        let received = Signal()
        let server = try makeSilentServer(received)
        let channel = try makeBackChannel { $0.maximumConcurrentTransfers = 1 }
        let url = server.url()
        let first = Task { await failure(channel, BackChannelRequest(url: url)) }
        await received.wait()
        return (channel, server, first)
    }

    @Test func theDeadlineRunsWhileARequestWaitsItsTurn() async throws {
        let (channel, server, first) = try await self.occupied()
        let url = server.url()
        var request = BackChannelRequest(url: url)
        request.timeout = .milliseconds(50)
        async let second = failure(channel, request)
        async let third = failure(channel, request)
        let errors = await [second, third]
        #expect(errors == [.timeoutUnsent, .timeoutUnsent])
        channel.shutDown()
        #expect(await first.value == .shutDown)
    }

    @Test func aCancelledTaskEndsItsTransferAndItsConnection() async throws {
        let received = Signal()
        let closed = Signal()
        let server = try makeSilentServer(received, closed: closed)
        let channel = try makeBackChannel()
        let url = server.url()
        let task = Task { await failure(channel, BackChannelRequest(url: url)) }
        await received.wait()
        task.cancel()
        #expect(await task.value == .cancelled)
        await closed.wait()
    }

    @Test func aTaskCancelledBeforeItSendsIsCancelled() async throws {
        let server = try makeSilentServer()
        let channel = try makeBackChannel()
        let url = server.url()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await failure(channel, BackChannelRequest(url: url))
        }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test func aCancelledTaskThatWaitsItsTurnDoesNotDisturbTheOneBefore() async throws {
        let (channel, server, first) = try await self.occupied()
        let url = server.url()
        let second = Task { await failure(channel, BackChannelRequest(url: url)) }
        second.cancel()
        #expect(await second.value == .cancelled)
        #expect(server.connections == 1)
        channel.shutDown()
        #expect(await first.value == .shutDown)
    }

    @Test func shuttingDownFailsWhoeverWaitsAndWhoeverComesLater() async throws {
        let received = Signal()
        let server = try makeSilentServer(received)
        let channel = try makeBackChannel { $0.maximumConcurrentTransfers = 1 }
        let url = server.url()
        let running = Task { await failure(channel, BackChannelRequest(url: url)) }
        await received.wait()
        let waiting = Task { await failure(channel, BackChannelRequest(url: url)) }
        channel.shutDown()
        channel.shutDown()
        #expect(await running.value == .shutDown)
        #expect(await waiting.value == .shutDown)
        #expect(await failure(channel, BackChannelRequest(url: url)) == .shutDown)
    }
}
