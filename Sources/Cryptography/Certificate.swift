private import COpenSSL

/// An X.509 certificate, as far as a server asks: whom it names, and whether a host is among its own. Whether it is to be
/// trusted is found out by whoever shook hands.
@safe
package final class Certificate: Sendable {
    // Complete before this object exists, never changed afterwards.
    nonisolated(unsafe) private let certificate: OpaquePointer

    /// The encodings' SHA-256.
    package let digest: [UInt8]

    /// `nil` for bytes that are no certificate, or more than one.
    package init?(der: [UInt8]) {
        var length = 0
        let parsed: OpaquePointer? = unsafe der.withUnsafeBufferPointer { bytes in
            var position = bytes.baseAddress
            let parsed = unsafe d2i_X509(nil, &position, bytes.count)
            if let start = bytes.baseAddress, let position = unsafe position { length = unsafe position - start }
            return unsafe parsed
        }
        guard let parsed = unsafe parsed else {
            ERR_clear_error()
            return nil
        }
        unsafe self.certificate = unsafe parsed
        self.digest = Digest.sha256(der)
        guard length == der.count else { return nil }
    }

    deinit {
        unsafe X509_free(self.certificate)
    }

    /// Whether this is a certificate for the host, by the rules of RFC 9525: its alternative names, a wildcard for one
    /// label.
    package func names(host: String) -> Bool {
        let bytes = host.utf8.map { CChar(bitPattern: $0) }
        // To OpenSSL a dot in front means every name below, and a NUL at the end is not there.
        guard let first = bytes.first, first != CChar(bitPattern: UInt8(ascii: ".")), !bytes.contains(0) else {
            return false
        }
        return unsafe X509_check_host(
            self.certificate,
            bytes,
            bytes.count,
            UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS),
            nil
        ) == 1
    }

    /// The subject as RFC 2253 writes it, printable ASCII alone: everything else is escaped.
    package var subject: String? {
        guard let output = unsafe BIO_new(BIO_s_mem()) else { return nil }
        defer { unsafe BIO_free(output) }
        let name = unsafe X509_get_subject_name(self.certificate)
        guard unsafe X509_NAME_print_ex(output, name, 0, Self.nameFlags) >= 0 else {
            ERR_clear_error()
            return nil
        }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        while case let count = unsafe BIO_read(output, &buffer, Int32(buffer.count)), count > 0 {
            text += buffer.prefix(Int(count))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `XN_FLAG_RFC2253`, whose macro Swift does not read: commas between, the most specific name first, short names, and
    /// everything but printable ASCII escaped.
    private static let nameFlags: UInt = 0x111_0317
}
