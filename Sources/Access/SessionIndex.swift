private import Cryptography

/// A set of sessions under which each of them can be found without its ticket: those of a person, of a session at the
/// provider, or a share of all there are.
package struct SessionIndex: Sendable, Hashable {
    /// For the store: letters, digits and a colon. It tells nobody whose sessions they are.
    package let name: String

    private init(_ kind: String, _ parts: [String]) {
        // Each part behind its length, so that no two lists of parts are one text.
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        self.name = kind + ":" + hexadecimal(Digest.sha256(Array(text.utf8)))
    }

    private init(share: Int) {
        self.name = "all:\(share)"
    }

    /// The sessions of a person.
    package static func subject(_ subject: String, issuer: String) -> SessionIndex {
        SessionIndex("sub", [issuer, subject])
    }

    /// The sessions that belong to one session at the provider (`sid`).
    package static func providerSession(_ id: String, issuer: String) -> SessionIndex {
        SessionIndex("sid", [issuer, id])
    }

    /// All sessions, in shares so that no set grows with everybody's.
    package static let shares = (0..<64).map { SessionIndex(share: $0) }

    /// Every index a session belongs to.
    package static func all(of session: Session, under key: SessionKey) -> [SessionIndex] {
        SessionSummary(session).indexes(under: key)
    }
}

extension SessionSummary {
    /// Every index the session belongs to.
    package func indexes(under key: SessionKey) -> [SessionIndex] {
        let share = SessionIndex.shares[Int(key.bytes[0]) % SessionIndex.shares.count]
        var indexes = [SessionIndex.subject(self.subject, issuer: self.issuer), share]
        if let id = self.providerSessionID { indexes.append(.providerSession(id, issuer: self.issuer)) }
        return indexes
    }
}
