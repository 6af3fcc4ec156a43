import FoundationEssentials
import SystemPackage

/// The process we are.
enum Surroundings {
    /// All environment variables.
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// Our own.
    static var processID: Int32 { ProcessInfo.processInfo.processIdentifier }

    /// Writes a line to standard error.
    static func complain(_ line: String) {
        // Nobody listens when this fails; the exit code says it too.
        _ = try? FileDescriptor.standardError.writeAll("\(line)\n".utf8)
    }
}
