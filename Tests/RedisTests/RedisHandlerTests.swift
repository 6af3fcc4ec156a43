import NIOCore
import NIOEmbedded
import Redis
import Testing

struct RedisHandlerTests {
    @Test func commandsOfOneTurnGoOutInOneWrite() throws {
        let conversation = try Conversation()
        conversation.send("a", RedisCommand("GET", "a"))
        conversation.send("b", RedisCommand("GET", "b"))
        #expect(try conversation.written() == nil)
        conversation.channel.embeddedEventLoop.run()
        #expect(try conversation.written() == "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n")
        #expect(try conversation.written() == nil)

        try conversation.receive("$1\r\n1\r\n$1\r\n2\r\n")
        #expect(conversation.log == ["ready", "a: bytes([49])", "b: bytes([50])"])
    }

    @Test func aCommandSentFromACompletionGoesOutInTheNextTurn() throws {
        let conversation = try Conversation()
        conversation.handler.send(RedisCommand("GET", "a")) { _ in conversation.send("b", RedisCommand("PING")) }
        conversation.channel.embeddedEventLoop.run()
        _ = try conversation.written()
        try conversation.receive("$-1\r\n")
        conversation.channel.embeddedEventLoop.run()
        #expect(try conversation.written() == "*1\r\n$4\r\nPING\r\n")
    }

    @Test func theGreetingComesFirstInOneWrite() throws {
        var configuration = RedisConfiguration(address: .unix(path: "unused"))
        configuration.user = "u"
        configuration.password = "p"
        configuration.database = 3
        let conversation = try Conversation(configuration, isGreeted: false)
        let greeting =
            "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
            + "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$9\r\ngatehouse\r\n"
        #expect(try conversation.written() == greeting)
        try conversation.receive("+OK\r\n+OK\r\n")
        #expect(conversation.log == [])
        try conversation.receive("+OK\r\n")
        #expect(conversation.log == ["ready"])
    }

    @Test func aLateAnswerClosesTheChannelAndIsGivenToNobody() throws {
        let conversation = try Conversation()
        conversation.send("a", RedisCommand("GET", "a"))
        conversation.channel.embeddedEventLoop.advanceTime(by: .milliseconds(490))
        conversation.send("b", RedisCommand("GET", "b"))
        #expect(conversation.channel.isActive)
        conversation.channel.embeddedEventLoop.advanceTime(by: .milliseconds(200))
        #expect(!conversation.channel.isActive)
        #expect(
            conversation.log == [
                "ready", "closed: Redis did not answer in time", "a: timeout",
                "b: connectionLost(\"an earlier command timed out\")",
            ]
        )
    }

    @Test func anAnswerInTimeIsNoTimeout() throws {
        let conversation = try Conversation()
        for _ in 0..<10 {
            conversation.send("a", RedisCommand("GET", "a"))
            conversation.channel.embeddedEventLoop.advanceTime(by: .milliseconds(450))
            try conversation.receive("$-1\r\n")
        }
        conversation.channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(conversation.channel.isActive)
        #expect(conversation.log.count == 11)
    }

    @Test func nonsenseClosesTheChannelAfterTheAnswersBeforeIt() throws {
        let conversation = try Conversation()
        conversation.send("a", RedisCommand("GET", "a"))
        conversation.send("b", RedisCommand("GET", "b"))
        try conversation.receive(":1\r\n!\r\n:2\r\n")
        #expect(!conversation.channel.isActive)
        #expect(conversation.log[1] == "a: integer(1)")
        #expect(conversation.log[2] == "closed: Redis' answer is not the Redis protocol")
        #expect(conversation.log[3].hasPrefix("b: protocolViolation"))
        #expect(conversation.log.count == 4)
    }

    @Test func aServerThatClosesFailsWhatIsPending() throws {
        let conversation = try Conversation()
        conversation.send("a", RedisCommand("GET", "a"))
        try conversation.receive("$5\r\nhal")
        conversation.channel.pipeline.fireChannelInactive()
        let reason = "connectionLost(\"the server closed the connection\")"
        #expect(conversation.log == ["ready", "closed: the connection to Redis was lost", "a: \(reason)"])
    }

    @Test func aCompletionMayCloseTheConversation() throws {
        let conversation = try Conversation()
        conversation.handler.send(RedisCommand("GET", "a")) { _ in conversation.handler.close() }
        conversation.send("b", RedisCommand("GET", "b"))
        try conversation.receive(":1\r\n:2\r\n")
        #expect(conversation.log == ["ready", "closed: the connection to Redis is closed", "b: closed"])
    }

    @Test func aCommandThatIsTooLargeLeavesNoTrace() throws {
        let conversation = try Conversation()
        let large = [UInt8](repeating: 0, count: RedisCommand.maximumBytes + 1)
        conversation.send("large", RedisCommand([Array("SET".utf8), large]))
        conversation.send("a", RedisCommand("PING"))
        conversation.channel.embeddedEventLoop.run()
        #expect(try conversation.written() == "*1\r\n$4\r\nPING\r\n")
        #expect(conversation.log == ["ready", "large: commandTooLarge"])
    }
}

/// A handler in a channel without a socket, and what it reported.
private final class Conversation {
    let channel = EmbeddedChannel()
    let handler: RedisHandler
    private(set) var log: [String] = []

    init(
        _ configuration: RedisConfiguration = RedisConfiguration(address: .unix(path: "unused")),
        isGreeted: Bool = true
    ) throws {
        var configuration = configuration
        configuration.commandTimeout = .milliseconds(500)
        self.handler = RedisHandler(configuration: configuration)
        try self.channel.pipeline.syncOperations.addHandler(self.handler)
        try self.channel.connect(to: SocketAddress(unixDomainSocketPath: "unused")).wait()
        self.handler.open(
            deadline: self.channel.embeddedEventLoop.now + configuration.connectTimeout,
            onReady: { self.log.append("ready") },
            onClosed: { self.log.append("closed: \($0)") }
        )
        if isGreeted {
            _ = try self.written()
            try self.receive("+OK\r\n")
        }
    }

    func send(_ name: String, _ command: RedisCommand) {
        self.handler.send(command) { result in
            switch result {
            case .success(let reply): self.log.append("\(name): \(reply)")
            case .failure(.timeout): self.log.append("\(name): timeout")
            case .failure(.closed): self.log.append("\(name): closed")
            case .failure(.commandTooLarge): self.log.append("\(name): commandTooLarge")
            case .failure(.connectionLost(let reason)): self.log.append("\(name): connectionLost(\"\(reason)\")")
            case .failure(.protocolViolation(let reason)): self.log.append("\(name): protocolViolation(\"\(reason)\")")
            case .failure(let error): self.log.append("\(name): \(error.debugDescription)")
            }
        }
    }

    func receive(_ text: String) throws {
        try self.channel.writeInbound(ByteBuffer(string: text))
    }

    func written() throws -> String? {
        try self.channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
    }
}
