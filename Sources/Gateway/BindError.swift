import NIOCore

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
            throw BindError(
                description:
                    "\(key): cannot listen on \(address.unixPath ?? "\(address.host):\(address.port)"): \(error)"
            )
        }
    }
}
