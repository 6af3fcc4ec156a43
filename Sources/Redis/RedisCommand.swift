private import CHiredis
package import NIOCore

/// One command: its name and arguments as bytes, put into RESP by hiredis.
///
/// For commands with exactly one answer. `SUBSCRIBE`, `MONITOR` and `CLIENT REPLY` break the rule that answers come in
/// the order of the commands, and blocking commands hold up everybody behind them.
package struct RedisCommand: Equatable, Sendable {
    /// The longest command we send, in bytes of all arguments. hiredis counts in `int`; this is far below.
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
    /// Appends the command as the server reads it, or throws ``RedisError/commandTooLarge``.
    package func append(to buffer: inout ByteBuffer) throws(RedisError) {
        var total = 0
        for argument in self.arguments {
            total += argument.count
            guard total <= RedisCommand.maximumBytes else { throw .commandTooLarge }
        }
        // hiredis wants a pointer to each argument at the same time. They are copied into one piece of stack, which
        // costs less than nesting a closure for each.
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: max(total, 1)) { text in
            unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: self.arguments.count) {
                starts in
                unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: self.arguments.count) { lengths in
                    var end = 0
                    for (index, argument) in self.arguments.enumerated() {
                        unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(text)[end...])
                            .copyBytes(from: argument)
                        unsafe starts.initializeElement(at: index, to: text.baseAddress.map { unsafe .init($0 + end) })
                        unsafe lengths.initializeElement(at: index, to: argument.count)
                        end += argument.count
                    }
                    unsafe RedisCommand.append(starts: starts, lengths: lengths, to: &buffer)
                }
            }
        }
    }

    private static func append(
        starts: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>,
        lengths: UnsafeMutableBufferPointer<Int>,
        to buffer: inout ByteBuffer
    ) {
        var formatted: UnsafeMutablePointer<CChar>?
        let count = unsafe withUnsafeMutablePointer(to: &formatted) { target in
            unsafe lengths.withMemoryRebound(to: size_t.self) { lengths in
                unsafe redisFormatCommandArgv(target, Int32(starts.count), starts.baseAddress, lengths.baseAddress)
            }
        }
        // hiredis fails only when memory is at an end, which Swift does not survive either.
        guard count > 0, let formatted = unsafe formatted else { preconditionFailure("hiredis is out of memory") }
        unsafe buffer.writeBytes(UnsafeRawBufferPointer(start: formatted, count: Int(count)))
        unsafe redisFreeCommand(formatted)
    }
}
