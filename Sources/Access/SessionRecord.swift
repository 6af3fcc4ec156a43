package import Cryptography

/// A session as a store holds it: sealed so that only its ticket opens it, beside a summary for the operator that the
/// server's keys alone open, and a mark that anybody who has the store may set.
///
/// Layout: version (2), mark (0 or 1), length of the sealed summary (two bytes), the sealed summary, the sealed session.
/// Version 1 was the sealed session alone, whose own first byte is 1.
package struct SessionRecord: Sendable {
    /// Something about the person has changed at the provider: refresh before the tokens expire.
    package private(set) var isStale: Bool
    private let summary: [UInt8]
    private let session: [UInt8]

    /// Of a record that has a place for the mark.
    package static let version: UInt8 = 2
    package static let markOffset = 1
    private static let headLength = 4
    private static let sessionPurpose = "session"
    private static let summaryPurpose = "session-summary"

    /// Seals a session, its host among it.
    package init(_ session: Session, for ticket: Ticket, with keys: KeyRing) throws(SessionError) {
        do {
            let key = ticket.key.bytes
            self.isStale = false
            let summary = SessionSummary(session).bytes
            self.summary = try keys.seal(summary, for: Self.summaryPurpose, secret: [], context: key)
            // The one vouches for the other.
            self.session = try keys.seal(
                session.bytes,
                for: Self.sessionPurpose,
                secret: ticket.secret,
                context: key + self.summary
            )
        } catch {
            throw .sealing(error)
        }
    }

    /// Takes a record apart. Nothing in it is believed yet.
    package init(bytes: [UInt8]) throws(SessionError) {
        guard bytes.first == Self.version else {
            self.isStale = false
            self.summary = []
            self.session = bytes
            return
        }
        guard bytes.count >= Self.headLength, bytes[1] <= 1 else { throw .malformed }
        let end = Self.headLength + Int(bytes[2]) << 8 + Int(bytes[3])
        guard end <= bytes.count else { throw .malformed }
        self.isStale = bytes[1] == 1
        self.summary = Array(bytes[Self.headLength..<end])
        self.session = Array(bytes[end...])
    }

    /// What a store keeps.
    package var bytes: [UInt8] {
        guard !self.summary.isEmpty else { return self.session }
        let length = self.summary.count
        let head = [
            Self.version, self.isStale ? 1 : 0, UInt8(truncatingIfNeeded: length >> 8),
            UInt8(truncatingIfNeeded: length),
        ]
        return head + self.summary + self.session
    }

    /// The same, marked. A record of version 1 has no place for the mark.
    package var markedStale: SessionRecord {
        var copy = self
        copy.isStale = !self.summary.isEmpty
        return copy
    }

    /// Opens the session. A box that does not open is a fault of the store, not an absent session; the session of
    /// `anotherHost` is nobody's here.
    package func open(for ticket: Ticket, authority: String, with keys: KeyRing) throws(SessionError) -> Session {
        let bytes: [UInt8]
        do {
            bytes = try keys.open(
                self.session,
                for: Self.sessionPurpose,
                secret: ticket.secret,
                context: ticket.key.bytes + self.summary
            )
        } catch {
            throw .sealing(error)
        }
        let session = try Session(bytes: bytes)
        guard session.authority.isExactly(authority) else { throw .anotherHost }
        return session
    }

    /// Opens the summary; `nil` when there is none, or none that opens.
    package func summary(of key: SessionKey, with keys: KeyRing) -> SessionSummary? {
        guard let bytes = try? keys.open(self.summary, for: Self.summaryPurpose, secret: [], context: key.bytes) else {
            return nil
        }
        return try? SessionSummary(bytes: bytes)
    }
}

extension Session {
    /// Seals this session, its host among it: only the ticket's secret under this ring opens it.
    package func sealed(for ticket: Ticket, with keys: KeyRing) throws(SessionError) -> [UInt8] {
        try SessionRecord(self, for: ticket, with: keys).bytes
    }

    /// Opens a session that was sealed for this ticket, see `SessionRecord.open`.
    package static func open(
        _ box: [UInt8],
        ticket: Ticket,
        authority: String,
        with keys: KeyRing
    ) throws(SessionError) -> Session {
        try SessionRecord(bytes: box).open(for: ticket, authority: authority, with: keys)
    }
}
