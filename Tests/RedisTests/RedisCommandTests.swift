import NIOCore
import Redis
import Testing

struct RedisCommandTests {
    @Test func aCommandIsAnArrayOfBulkStrings() throws {
        #expect(try formatted(.get(Array("key".utf8))) == "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n")
        #expect(try formatted(RedisCommand("CLIENT", "ID")) == "*2\r\n$6\r\nCLIENT\r\n$2\r\nID\r\n")
    }

    @Test func argumentsAreBytesAndMayBeEmpty() throws {
        let command = RedisCommand([Array("SET".utf8), [], [0, 13, 10, 255]])
        var buffer = ByteBuffer()
        try command.append(to: &buffer)
        let expected = Array("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n".utf8) + [0, 13, 10, 255, 13, 10]
        #expect(Array(buffer.readableBytesView) == expected)
    }

    @Test func commandsAreAppendedOneAfterTheOther() throws {
        var buffer = ByteBuffer(string: "before ")
        try RedisCommand("PING").append(to: &buffer)
        try RedisCommand("PING").append(to: &buffer)
        #expect(String(buffer: buffer) == "before *1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n")
    }

    @Test func aCommandMayHaveThousandsOfArguments() throws {
        let command = RedisCommand([Array("DEL".utf8)] + (0..<5_000).map { Array("key\($0)".utf8) })
        var buffer = ByteBuffer()
        try command.append(to: &buffer)
        #expect(buffer.readableBytesView.starts(with: Array("*5001\r\n$3\r\nDEL\r\n$4\r\nkey0\r\n".utf8)))
        #expect(buffer.readableBytesView.suffix(9).elementsEqual("key4999\r\n".utf8))
    }

    @Test func aCommandOverTheLimitIsRefusedBeforeAnythingIsWritten() {
        let half = [UInt8](repeating: 1, count: RedisCommand.maximumBytes / 2)
        var buffer = ByteBuffer()
        #expect(throws: RedisError.commandTooLarge) { try RedisCommand([[1], half, half]).append(to: &buffer) }
        #expect(buffer.readableBytes == 0)
    }

    private func formatted(_ command: RedisCommand) throws -> String {
        var buffer = ByteBuffer()
        try command.append(to: &buffer)
        return String(buffer: buffer)
    }
}
