import NIOCore
internal import NIOSSL

/// TLS to an upstream: whom we believe, and who we say we are.
package struct UpstreamTLS: Sendable, Equatable {
    /// PEM file with the authorities we trust; `nil`: the system's.
    package var caFile: String?
    /// PEM files with our own certificate chain and its key; `nil`: we show none.
    package var certificateFile: String?
    package var keyFile: String?
    /// The name its certificate must have, and the one we ask for; `nil`: its host.
    package var serverName: String?
    /// Whether any certificate will do.
    package var isInsecure = false

    /// Whether HTTP/2 is asked for in the handshake.
    package var speaksHTTP2 = false

    package init() {}

    /// What is wrong with the files, for the operator; `nil`: nothing.
    package var problem: String? {
        do {
            _ = try self.context()
            return nil
        } catch {
            return "these PEM files cannot be used: \(error)"
        }
    }

    func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = [self.speaksHTTP2 ? "h2" : "http/1.1"]
        if let caFile {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(caFile))
        }
        if let certificateFile, let keyFile {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem))
        }
        if self.isInsecure { configuration.certificateVerification = .none }
        return try NIOSSLContext(configuration: configuration)
    }

    /// An address is no name: its certificate is compared with the address of the connection then.
    func serverName(for address: UpstreamAddress) -> String? {
        if let serverName { return serverName }
        return (try? SocketAddress(ipAddress: address.host, port: address.port)) == nil ? address.host : nil
    }
}
