import Cryptography
import NIOCore
package import NIOSSL
import Synchronization

/// The certificates that listeners show, as they are in the files now. A connection keeps those it has begun with.
package final class TLSContexts: Sendable {
    private let context: Mutex<NIOSSLContext>

    package init(_ context: NIOSSLContext) {
        self.context = Mutex(context)
    }

    /// For the next connection.
    package var current: NIOSSLContext { self.context.withLock { $0 } }

    /// From now on this one.
    package func replace(with context: NIOSSLContext) {
        self.context.withLock { $0 = context }
    }
}

/// What the files of `[tls]` hold, read together.
package struct TLSMaterial: Sendable, Equatable {
    /// PEM, in the order of the configuration.
    package var pairs: [(certificate: [UInt8], key: [UInt8])]
    package var clientAuthority: [UInt8]?

    /// Reads them.
    package init(reading settings: Configuration.TLS) throws(TLSError) {
        self.pairs = []
        for pair in settings.pairs {
            let certificate = try settings.readFile(pair.certificateFile)
            self.pairs.append((certificate, try settings.readFile(pair.keyFile)))
        }
        if let file = settings.clientAuthorityFile { self.clientAuthority = try settings.readFile(file) }
    }

    package init(pairs: [(certificate: [UInt8], key: [UInt8])], clientAuthority: [UInt8]?) {
        self.pairs = pairs
        self.clientAuthority = clientAuthority
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.clientAuthority == b.clientAuthority
            && a.pairs.elementsEqual(b.pairs) { $0.certificate == $1.certificate && $0.key == $1.key }
    }
}

/// Why certificates cannot be used; the sentence names the file, never what a key file holds.
package struct TLSError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

extension TLSMaterial {
    /// A certificate chain with its key, and the hosts it is for.
    private struct Chain: Sendable {
        let leaf: Certificate
        let sources: [NIOSSLCertificateSource]
        let key: NIOSSLPrivateKeySource
        let notAfter: Int
    }

    /// What it takes to shake hands.
    package struct Handshake: Sendable {
        package let context: NIOSSLContext
        /// When the certificates expire, in the order of the configuration.
        package let expiries: [Int]
    }

    /// Everything checked, as something to shake hands with.
    package func handshake(for settings: Configuration.TLS, http2: Bool) throws(TLSError) -> Handshake {
        var chains: [Chain] = []
        for (index, pair) in self.pairs.enumerated() {
            chains.append(try Self.chain(pair.certificate, pair.key, settings.pairs[index]))
        }
        guard let first = chains.first else { throw TLSError(description: "there is no certificate") }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: first.sources,
            privateKey: first.key
        )
        configuration.minimumTLSVersion = settings.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
        // Forward secrecy and authenticated encryption, or nothing; TLS 1.3 knows nothing else.
        configuration.cipherSuites = Self.cipherSuites
        configuration.applicationProtocols = http2 ? ["h2", "http/1.1"] : ["http/1.1"]
        configuration.shutdownTimeout = .seconds(3)
        if chains.count > 1 { configuration.sslContextCallback = Self.chooser(among: chains) }
        try self.setClientVerification(&configuration, settings)
        do {
            return Handshake(
                context: try NIOSSLContext(configuration: configuration),
                expiries: chains.map(\.notAfter)
            )
        } catch {
            throw TLSError(description: "\(settings.pairs[0].certificateFile): \(Self.reason(error))")
        }
    }

    private static let cipherSuites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ].joined(separator: ":")

    private static func chain(
        _ certificate: [UInt8],
        _ key: [UInt8],
        _ pair: Configuration.TLS.Pair
    ) throws(TLSError) -> Chain {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(certificate)
        } catch {
            throw TLSError(description: "\(pair.certificateFile) holds no PEM certificates")
        }
        guard let first = certificates.first, let der = try? first.toDERBytes(), let leaf = Certificate(der: der) else {
            throw TLSError(description: "\(pair.certificateFile) holds no PEM certificates")
        }
        guard let key = try? NIOSSLPrivateKey(bytes: key, format: .pem) else {
            throw TLSError(description: "\(pair.keyFile) holds no PEM key, or one with a passphrase")
        }
        let sources = certificates.map { NIOSSLCertificateSource.certificate($0) }
        do {
            // The library compares the two.
            let probe = TLSConfiguration.makeServerConfiguration(
                certificateChain: sources,
                privateKey: .privateKey(key)
            )
            _ = try NIOSSLContext(configuration: probe)
        } catch {
            throw TLSError(description: "the key in \(pair.keyFile) is not that of \(pair.certificateFile)")
        }
        return Chain(leaf: leaf, sources: sources, key: .privateKey(key), notAfter: Int(first.notValidAfter))
    }

    /// The chain for the host that a client names; the first for all others.
    private static func chooser(among chains: [Chain]) -> NIOSSLContextCallback {
        { values, promise in
            guard let host = values.serverHostname, let chain = chains.first(where: { $0.leaf.names(host: host) })
            else {
                return promise.succeed(.noChanges)
            }
            var choice = NIOSSLContextConfigurationOverride()
            choice.certificateChain = chain.sources
            choice.privateKey = chain.key
            promise.succeed(choice)
        }
    }

    private func setClientVerification(
        _ configuration: inout TLSConfiguration,
        _ settings: Configuration.TLS
    ) throws(TLSError) {
        guard settings.clientCertificates != .off else { return }
        let file = settings.clientAuthorityFile ?? ""
        guard let pem = self.clientAuthority, let authorities = try? NIOSSLCertificate.fromPEMBytes(pem),
            !authorities.isEmpty
        else { throw TLSError(description: "\(file) holds no PEM certificates") }
        configuration.trustRoots = .certificates(authorities)
        configuration.sendCANameList = true
        configuration.certificateVerification =
            settings.clientCertificates == .required ? .noHostnameVerification : .optionalVerification
    }

    private static func reason(_ error: any Error) -> String {
        "the TLS library refuses it (\(error))"
    }
}
