import BackChannel
import Glibc
import Testing

func makeBackChannel(_ change: (inout BackChannelConfiguration) -> Void = { _ in }) throws -> BackChannel {
    var configuration = BackChannelConfiguration()
    change(&configuration)
    return try BackChannel(configuration)
}

/// The error a request ends with; nil when it is answered.
func failure(_ channel: BackChannel, _ request: BackChannelRequest) async -> BackChannelError? {
    do throws(BackChannelError) {
        _ = try await channel.send(request)
        return nil
    } catch {
        return error
    }
}

extension BackChannelError {
    var isMalformed: Bool {
        if case .malformed = self { true } else { false }
    }

    var isTLS: Bool {
        if case .tls = self { true } else { false }
    }
}

/// A peer that reads requests and never answers; it reports each.
func makeSilentServer(_ received: Signal = Signal(), closed: Signal = Signal()) throws -> LoopbackServer {
    try LoopbackServer { connection in
        while connection.readRequest() != nil { received.fire() }
        closed.fire()
    }
}

@Suite(.timeLimit(.minutes(1))) struct BackChannelTests {
    @Test func connectionsAreReused() async throws {
        let server = try LoopbackServer.answering()
        let channel = try makeBackChannel()
        for _ in 0..<10 {
            let response = try await channel.send(BackChannelRequest(url: server.url()))
            #expect(response.status == 200)
            #expect(response.body == Array("ok".utf8))
        }
        #expect(server.connections == 1)
    }

    @Test func aConnectionThePeerClosedIsReplaced() async throws {
        let server = try LoopbackServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.send(LoopbackServer.answer("ok"))
        }
        let channel = try makeBackChannel()
        for _ in 0..<5 {
            #expect(try await channel.send(BackChannelRequest(url: server.url())).status == 200)
        }
        #expect(server.connections == 5)
    }

    @Test func fiftyRequestsAreOnTheirWayAtOnce() async throws {
        let everybody = Barrier(50)
        let server = try LoopbackServer { connection in
            while connection.readRequest() != nil {
                everybody.wait()
                connection.send(LoopbackServer.answer("ok"))
            }
        }
        let channel = try makeBackChannel()
        let url = server.url()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try await channel.send(BackChannelRequest(url: url)).status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(server.connections == 50)
    }

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

    @Test func theDeadlineRunsWhileARequestWaitsItsTurn() async throws {
        let server = try makeSilentServer()
        let channel = try makeBackChannel {
            $0.maximumConcurrentTransfers = 1
            $0.timeout = .milliseconds(300)
        }
        let request = BackChannelRequest(url: server.url())
        async let first = failure(channel, request)
        async let second = failure(channel, request)
        async let third = failure(channel, request)
        #expect(await [first, second, third] == [.timeout, .timeout, .timeout])
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
        let received = Signal()
        let server = try makeSilentServer(received)
        let channel = try makeBackChannel { $0.maximumConcurrentTransfers = 1 }
        let url = server.url()
        let first = Task { await failure(channel, BackChannelRequest(url: url)) }
        await received.wait()
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

    @Test func manyChannelsComeAndGo() async throws {
        let server = try LoopbackServer.answering()
        for _ in 0..<50 {
            let channel = try makeBackChannel()
            #expect(try await channel.send(BackChannelRequest(url: server.url())).status == 200)
        }
    }

    /// In a process of its own, because the environment belongs to all tests.
    @Test func proxiesAndPasswordsFromTheEnvironmentAreIgnored() async {
        await #expect(processExitsWith: .success) {
            let nobody = "http://127.0.0.1:\(try LoopbackServer.freePort())"
            for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                unsafe setenv(name, nobody, 1)
            }
            let home = try await runCommand(["mktemp", "-d"])
            let path = String(decoding: home.dropLast(), as: UTF8.self)
            try await runCommand(["sh", "-c", "echo machine 127.0.0.1 login a password b > \(path)/.netrc"])
            unsafe setenv("HOME", path, 1)
            let server = try LoopbackServer.answering { LoopbackServer.answer($0) }
            let response = try await makeBackChannel().send(BackChannelRequest(url: server.url()))
            try await runCommand(["rm", "-r", path])
            #expect(!String(decoding: response.body, as: UTF8.self).lowercased().contains("authorization"))
        }
    }
}
