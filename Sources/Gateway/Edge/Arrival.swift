import Access
import Cryptography
import NIOCore
import NIOSSL

/// What is known of a downstream connection before its first request: who is at the other end, and what was agreed on.
final class Arrival {
    /// The other end's address, as the socket says, or as a trusted balancer does.
    var peer: String
    var speech: Configuration.Listener.Speech
    /// What the listener answers.
    let door: Door
    /// The line for the upstream that tells of the client's certificate; empty when there is none. It was verified in the
    /// handshake.
    var clientCertificateLine: [UInt8] = []
    /// The same for policies.
    var clientCertificateSubject: String?
    /// What this connection is told, being one too many.
    var refusal: Fault?
    /// Whether exchanges are streams of an HTTP/2 connection.
    var isHTTP2 = false

    init(speech: Configuration.Listener.Speech, channel: any Channel, door: Door = .everything) {
        self.speech = speech
        self.door = door
        self.peer = Self.peer(of: channel)
    }

    /// A socket that listens for both kinds of addresses has those of IPv4 mapped into IPv6: applications and logs get
    /// them as they are.
    static func peer(of channel: any Channel) -> String {
        guard let text = channel.remoteAddress?.ipAddress else { return "unix" }
        guard text.utf8.starts(with: "::ffff:".utf8) else { return text }
        return IPAddress(text)?.text ?? text
    }

    func isTrusted(by server: Configuration.Server) -> Bool {
        guard let host = IPAddress(self.peer) else { return server.trustsUnixSockets }
        return server.trustedProxies.contains { $0.contains(host) }
    }

    /// Takes note of the certificate that the client has shown.
    func note(_ certificate: NIOSSLCertificate) {
        guard let der = try? certificate.toDERBytes(), let certificate = Certificate(der: der) else { return }
        self.clientCertificateSubject = certificate.subject
        var line = "X-Forwarded-Client-Cert: Hash=" + certificate.digest.map(Self.hexadecimal).joined()
        // A subject that does not fit is left out whole: half a name is another one.
        if let subject = certificate.subject, subject.utf8.count <= Self.subjectLimit {
            let quoted = subject.utf8.flatMap { byte -> [UInt8] in
                byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
            }
            line += ";Subject=\"" + String(decoding: quoted, as: UTF8.self) + "\""
        }
        self.clientCertificateLine = Array((line + "\r\n").utf8)
    }

    private static let subjectLimit = 2 << 10

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return byte < 16 ? "0" + digits : digits
    }
}

@available(*, unavailable)
extension Arrival: Sendable {}
