import Glibc
import NIOCore
import NIOPosix

/// A listener in the file system, for a front proxy on the same machine.
enum UnixSocket {
    /// Binds it with exactly these permissions: not for a moment with more. A socket file that an earlier process has left
    /// is replaced.
    static func bind(_ bootstrap: ServerBootstrap, path: String, mode: UInt32) async throws -> any Channel {
        let before = umask(~mode & 0o777)
        defer { umask(before) }
        return try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    }
}
