package import NIOCore

/// One command: its name and arguments as bytes, to be put into RESP.
///
/// For commands with exactly one answer. `SUBSCRIBE`, `MONITOR` and `CLIENT REPLY` break the rule that answers come in
/// the order of the commands, and blocking commands hold up everybody behind them.
package struct RedisCommand: Equatable, Sendable {
    /// The longest command we send, in bytes of all arguments; Redis takes 512 MiB each.
    package static let maximumBytes = 64 * 1024 * 1024

    /// The command's name first. Never empty.
    package let arguments: [[UInt8]]

    /// A command of bytes, the name first. It must have a name: Redis never answers an empty command.
    package init(_ arguments: [[UInt8]]) {
        precondition(!arguments.isEmpty, "a command has a name")
        self.arguments = arguments
    }

    /// A command of words: `RedisCommand("CLIENT", "ID")`.
    package init(_ name: String, _ arguments: String...) {
        self.init([Array(name.utf8)] + arguments.map { Array($0.utf8) })
    }

    /// `GET key`.
    package static func get(_ key: [UInt8]) -> RedisCommand {
        RedisCommand([RedisCommand.getName, key])
    }

    private static let getName = Array("GET".utf8)
}

extension RedisCommand {
    /// Appends the command as the server reads it, an array of bulk strings, or throws ``RedisError/commandTooLarge``.
    ///
    /// Written here and not by hiredis, which prints each length with `sprintf`, into memory of its own: a twentieth of
    /// the instructions of a check that asks Redis.
    package func append(to buffer: inout ByteBuffer) throws(RedisError) {
        var total = 0
        for argument in self.arguments {
            total += argument.count
            guard total <= RedisCommand.maximumBytes else { throw .commandTooLarge }
        }
        // Put together here: a buffer takes one long piece more willingly than a dozen short ones.
        var text: [UInt8] = []
        text.reserveCapacity(total + 16 * (self.arguments.count + 1))
        RedisCommand.append(UInt8(ascii: "*"), self.arguments.count, to: &text)
        for argument in self.arguments {
            RedisCommand.append(UInt8(ascii: "$"), argument.count, to: &text)
            text.append(contentsOf: argument)
            text.append(13)
            text.append(10)
        }
        buffer.writeBytes(text)
    }

    /// A line of a kind and a number.
    private static func append(_ kind: UInt8, _ number: Int, to text: inout [UInt8]) {
        text.append(kind)
        var power = 1
        while number / power >= 10 { power *= 10 }
        while power > 0 {
            text.append(UInt8(ascii: "0") + UInt8(number / power % 10))
            power /= 10
        }
        text.append(13)
        text.append(10)
    }
}
