package import OpenIDConnect

/// What an operator may know of a session without holding its ticket: whose it is and since when. No token.
package struct SessionSummary: Sendable, Equatable {
    package let issuer: String
    package let subject: String
    package let name: String?
    package let email: String?
    /// The provider's own name for the session.
    package let providerSessionID: String?
    package let authority: String
    package let createdAt: Instant
    package let refreshedAt: Instant
    package let expiresAt: Instant
    /// Whether it has a refresh token.
    package let isRefreshable: Bool

    private static let version: UInt8 = 1
    /// Texts beyond this many bytes are left out, so that a summary stays small.
    private static let longestText = 512

    package init(_ session: Session) {
        func short(_ text: String?) -> String? { text.flatMap { $0.utf8.count <= Self.longestText ? $0 : nil } }
        self.issuer = session.identity.issuer
        self.subject = session.identity.subject
        self.name = short(session.identity.name)
        self.email = short(session.identity.email)
        self.providerSessionID = short(session.providerSessionID)
        self.authority = session.authority
        self.createdAt = session.createdAt
        self.refreshedAt = session.refreshedAt
        self.expiresAt = session.expiresAt
        self.isRefreshable = session.refreshToken != nil
    }

    var bytes: [UInt8] {
        var writer = RecordWriter(version: Self.version)
        writer.append(self.createdAt.seconds)
        writer.append(self.refreshedAt.seconds)
        writer.append(self.expiresAt.seconds)
        writer.append(UInt8(self.isRefreshable ? 1 : 0))
        writer.append(self.issuer)
        writer.append(self.subject)
        writer.append(self.authority)
        writer.append(self.name)
        writer.append(self.email)
        writer.append(self.providerSessionID)
        return writer.bytes
    }

    init(bytes: [UInt8]) throws(SessionError) {
        var reader = RecordReader(bytes)
        try reader.expect(version: Self.version)
        self.createdAt = Instant(seconds: try reader.number(Int64.self))
        self.refreshedAt = Instant(seconds: try reader.number(Int64.self))
        self.expiresAt = Instant(seconds: try reader.number(Int64.self))
        self.isRefreshable = try reader.flag()
        self.issuer = try reader.text()
        self.subject = try reader.text()
        self.authority = try reader.text()
        self.name = try reader.optionalText()
        self.email = try reader.optionalText()
        self.providerSessionID = try reader.optionalText()
        try reader.finish()
    }
}
