import Access
import Gateway

extension Configuration.TLS {
    /// `[tls]`, for the listeners of `[server]`.
    init(_ section: SectionReader, for server: Configuration.Server?, _ serverSection: SectionReader) {
        self.init()
        self.readFile = { path throws(TLSError) in try Self.bytes(path) }
        let files = section.list("certificate_files", of: "PEM files", mayBeEmpty: true) ?? []
        let keys = section.list("key_files", of: "PEM files", mayBeEmpty: true) ?? []
        self.minimumVersion = section.choice("min_version") ?? self.minimumVersion
        self.clientCertificates = section.choice("client_certificates") ?? self.clientCertificates
        self.clientAuthorityFile = section.file("client_ca_file")
        let interval = section.timeAmount("check_interval", in: .milliseconds(10)...(.seconds(86_400)))
        self.checkInterval = interval ?? self.checkInterval
        let strictTransport = section.duration("hsts", in: .zero...(.seconds(10 * 365 * 86_400)))
        self.strictTransportSeconds = strictTransport?.components.seconds ?? self.strictTransportSeconds
        if self.clientCertificates != .off, self.clientAuthorityFile == nil, !section.hasProblem("client_ca_file") {
            section.refuse(
                "client_certificates",
                found: ConfigurationProblem.quoted(self.clientCertificates.rawValue),
                allowed: "\"off\" without client_ca_file"
            )
        }
        guard files.count == keys.count else {
            section.refuse(
                "key_files",
                found: "\(keys.count) for \(files.count) certificates",
                allowed: "one for each of certificate_files"
            )
            return
        }
        self.pairs = zip(files, keys).map { Pair(certificateFile: $0, keyFile: $1) }
        if let server { self.check(server, serverSection, section) }
        if !self.pairs.isEmpty, !section.hasProblem("client_ca_file", "client_certificates") { self.check(section) }
    }

    private func check(_ server: Configuration.Server, _ serverSection: SectionReader, _ section: SectionReader) {
        let secure = server.listeners.first { $0.speech == .https }
        if let secure, self.pairs.isEmpty, !section.hasProblem("certificate_files") {
            serverSection.refuse(
                "listen",
                found: ConfigurationProblem.quoted(secure.text),
                allowed: "https:// with tls.certificate_files and tls.key_files"
            )
        }
        if secure == nil, !self.pairs.isEmpty {
            section.warn("certificate_files", "no address of server.listen has https:// in front, so nobody sees them")
        }
        if server.publicURL.scheme == .http, server.listeners.contains(where: { $0.speech == .redirect }) {
            serverSection.refuse(
                "listen",
                found: "a redirect:// to https",
                allowed: "that with an https public_url"
            )
        }
    }

    /// Everything that a handshake would need, now rather than then.
    private func check(_ section: SectionReader) {
        do {
            _ = try TLSMaterial(reading: self).handshake(for: self, http2: true)
        } catch {
            section.refuse(
                "certificate_files",
                found: "\(error)",
                allowed: "PEM files with certificates, and their keys"
            )
        }
    }

    private static func bytes(_ path: String) throws(TLSError) -> [UInt8] {
        do throws(TextFile.Failure) {
            return try TextFile.bytes(of: path)
        } catch {
            throw TLSError(description: "\(ConfigurationProblem.quoted(path)), which \(error.rawValue)")
        }
    }
}
