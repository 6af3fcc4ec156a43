import NIOCore
internal import NIOSSL

/// How we know that it is our Redis, and how it knows us: TLS 1.2 or later, the certificate and the name in it checked.
package struct RedisTLS: Sendable {
    /// The name the certificate must have. Nil: the host of the address.
    package let serverName: String?
    /// Made once and shared by all connections: it holds every authority, which is a good deal of memory.
    let context: NIOSSLContext

    /// - Parameters:
    ///   - caFile: PEM file with the authorities we trust; nil: the system's.
    ///   - certificateFile: PEM file with our own certificate and those that lead to the authority; nil: we show none.
    ///   - keyFile: PEM file with its private key.
    ///
    /// Throws ``RedisError/configuration(_:)`` when a file cannot be read or does not hold what it should.
    package init(
        caFile: String? = nil,
        certificateFile: String? = nil,
        keyFile: String? = nil,
        serverName: String? = nil
    ) throws(RedisError) {
        if let serverName, (try? SocketAddress(ipAddress: serverName, port: 0)) != nil {
            // TLS has no place for an address there; without a name the address connected to is what is checked.
            throw .configuration("the server name is a name, not an IP address")
        }
        self.serverName = serverName
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let caFile {
            configuration.trustRoots = .certificates(try Self.certificates(in: caFile, called: "CA file"))
        }
        switch (certificateFile, keyFile) {
        case (nil, nil):
            break
        case (let certificateFile?, let keyFile?):
            configuration.certificateChain = try Self.certificates(in: certificateFile, called: "certificate file")
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try Self.key(in: keyFile))
        case (nil, _), (_, nil):
            throw .configuration("a client certificate and its key come together")
        }
        do {
            self.context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .configuration("the client certificate and its key do not belong together")
        }
    }

    private static func certificates(in file: String, called name: String) throws(RedisError) -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(file) else {
            throw .configuration("the \(name) cannot be read as PEM certificates")
        }
        guard !certificates.isEmpty else { throw .configuration("the \(name) has no certificate") }
        return certificates
    }

    private static func key(in file: String) throws(RedisError) -> NIOSSLPrivateKey {
        guard let key = try? NIOSSLPrivateKey(file: file, format: .pem) else {
            throw .configuration("the key file cannot be read as a PEM private key without passphrase")
        }
        return key
    }
}
