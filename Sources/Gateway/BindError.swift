import NIOCore
import SystemPackage

/// An address that we cannot listen on, by the name of its setting.
struct BindError: Error, CustomStringConvertible {
    let description: String

    /// Runs `bind`, and says which setting it failed for.
    static func naming(
        _ key: String,
        _ address: Configuration.ListenAddress,
        _ bind: (Configuration.ListenAddress) async throws -> any Channel
    ) async throws -> any Channel {
        do {
            return try await bind(address)
        } catch {
            throw BindError(key, address.unixPath ?? "\(address.host):\(address.port)", error)
        }
    }

    /// What the system says, without the names of its calls.
    init(_ key: String, _ address: String, _ error: any Error) {
        let reason = (error as? IOError).map { "\(Errno(rawValue: $0.errnoCode))" } ?? "\(error)"
        self.description = "\(key): cannot listen on \(address): \(reason)"
    }
}
