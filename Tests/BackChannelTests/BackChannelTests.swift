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
            let nobody = LoopbackServer.nobody
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
