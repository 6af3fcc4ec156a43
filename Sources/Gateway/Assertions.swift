import Access
import Cryptography
import OpenIDConnect

/// The assertions about one session, kept until a new one is due.
struct Assertions {
    private var made: [(audience: String, assertion: Assertion, field: [UInt8])] = []

    /// The header field for an application, with its line end.
    mutating func field(for audience: String, _ opened: OpenedSession, _ settings: Settings, now: Instant) -> [UInt8]? {
        let place = self.made.firstIndex { $0.audience.utf8.elementsEqual(audience.utf8) }
        if let place, now < self.made[place].assertion.renewAt { return self.made[place].field }
        let assertion = try? settings.assertionKeys.assertion(
            for: opened.session,
            issuer: settings.origin(of: settings.configuration.server.publicURL.authority),
            audience: audience,
            sessionID: opened.publicID,
            now: now
        )
        guard let assertion else { return nil }
        let field = Array("\(Assertion.fieldName): \(assertion.text)\r\n".utf8)
        if let place { self.made.remove(at: place) }
        self.made.append((audience, assertion, field))
        return field
    }
}

extension OpenedSession {
    /// Names the session towards applications: the digest of a digest, which opens nothing.
    var publicID: String {
        Base64URL.encode(Array(Digest.sha256(Array("gatehouse session id".utf8) + self.ticket.key.bytes).prefix(16)))
    }
}
