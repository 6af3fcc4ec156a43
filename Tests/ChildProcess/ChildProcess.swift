private import CChildProcess
private import Glibc
private import Synchronization

/// A program that runs beside the tests. It ends with its last owner.
///
/// Not Foundation's `Process`: to find the descriptors it must close, that one copies whole `dirent`s out of buffers
/// that end before they do, and once in some thousand starts, with many threads about, there is nothing behind.
package final class ChildProcess: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let output: Int32
    /// Its number, until it has been waited for: then the number may be somebody else's.
    private let identifier: Mutex<pid_t?>

    /// Starts a program, found where the shell would find it. It has no input and none of our descriptors, and what it
    /// writes is to be read from here.
    ///
    /// - Parameter complaints: whether standard error is read, too; else nobody sees it.
    package init(_ arguments: [String], complaints: Bool = false) throws {
        var identifier: pid_t = 0
        var output: Int32 = 0
        let pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
        let refusal = unsafe gatehouse_start_child_process(pointers, complaints, &identifier, &output)
        unsafe pointers.forEach { unsafe free($0) }
        guard refusal == 0 else {
            throw Failure(description: "\(arguments) did not start: \(unsafe String(cString: strerror(refusal)))")
        }
        self.output = output
        self.identifier = Mutex(identifier)
    }

    deinit {
        self.signal(SIGKILL)
        _ = self.wait()
        close(self.output)
    }

    /// What it has written since; empty when there will be nothing more. Blocks until then.
    package func read() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            var result = -1
            repeat {
                result = unsafe Glibc.read(self.output, buffer.baseAddress, buffer.count)
            } while result < 0 && errno == EINTR
            count = max(result, 0)
        }
    }

    /// Everything it writes until it ends. Blocks until then.
    package func readToEnd() -> [UInt8] {
        var all: [UInt8] = []
        while case let some = self.read(), !some.isEmpty { all += some }
        return all
    }

    package func signal(_ number: Int32) {
        self.identifier.withLock { identifier in
            if let identifier { _ = kill(identifier, number) }
        }
    }

    /// Blocks until it has ended. Returns whether it ended as it should.
    @discardableResult
    package func wait() -> Bool {
        guard let identifier = self.identifier.withLock({ $0 }) else { return false }
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        self.identifier.withLock { $0 = nil }
        return status == 0
    }

    /// Runs a program to its end and returns what it wrote. Blocks until then.
    @discardableResult
    package static func run(_ arguments: [String]) throws -> [UInt8] {
        let process = try ChildProcess(arguments)
        let output = process.readToEnd()
        guard process.wait() else { throw Failure(description: "it failed: \(arguments)") }
        return output
    }
}
