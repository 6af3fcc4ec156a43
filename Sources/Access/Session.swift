package import JSON
package import OpenIDConnect

/// An identity, its tokens and its times, as they were at sign-in or at the last refresh.
///
/// It never changes: a refresh makes a new one. A class over the bytes it is stored as, because it is read far more often
/// than it is made, most of it not at all, and every request passes it around.
package final class Session: Sendable {
    package let identity: Identity
    /// The host it was made for, in `Authority.text`; it is worth nothing on another.
    package let authority: String
    package let createdAt: Instant
    /// The end, however busy the session is.
    package let expiresAt: Instant
    package let accessTokenExpiresAt: Instant?
    /// The end of the ID token by our clock, however far the provider's is off.
    package let idTokenExpiresAt: Instant?
    /// When the provider last vouched for it: at the sign-in, or at the last refresh.
    package let refreshedAt: Instant
    /// How often its tokens have been replaced.
    package let generation: UInt32
    /// Its refresh token may have been used without our learning what came of it: the provider has to be asked anew,
    /// through the browser.
    package let mustRevalidate: Bool
    /// What it has obtained for upstreams since its last refresh; some may have expired.
    package let obtainedTokens: [ObtainedToken]
    /// What it is stored as, before it is sealed.
    package let bytes: [UInt8]
    private let parts: Parts

    /// Where the long texts are in `bytes`.
    private struct Parts {
        let claims: Range<Int>
        let idToken: Range<Int>
        let accessToken: Range<Int>?
        let refreshToken: Range<Int>?
        let scope: Range<Int>?
        let providerSessionID: Range<Int>?
    }

    private static let version: UInt8 = 2
    /// With tokens for upstreams behind all else. Without any, the one before is written: a gateway that does not know
    /// this one yet reads it.
    private static let versionWithObtainedTokens: UInt8 = 3
    /// Without what a refresh needs; read still, so that an update signs nobody out.
    private static let firstVersion: UInt8 = 1

    /// - Parameters:
    ///   - claims: the ID token's and the userinfo's, merged, as JSON.
    ///   - providerSessionID: the `sid` of the ID token.
    ///   - refreshedAt: `nil`: at its creation.
    package init(
        identity: Identity,
        claims: [UInt8],
        idToken: String,
        accessToken: String?,
        accessTokenExpiresAt: Instant?,
        refreshToken: String?,
        scope: String?,
        providerSessionID: String?,
        authority: String,
        createdAt: Instant,
        expiresAt: Instant,
        idTokenExpiresAt: Instant? = nil,
        refreshedAt: Instant? = nil,
        generation: UInt32 = 0,
        mustRevalidate: Bool = false,
        obtainedTokens: [ObtainedToken] = []
    ) {
        let refreshedAt = refreshedAt ?? createdAt
        var writer = RecordWriter(version: obtainedTokens.isEmpty ? Self.version : Self.versionWithObtainedTokens)
        writer.append(createdAt.seconds)
        writer.append(expiresAt.seconds)
        writer.append(authority)
        writer.append(identity)
        writer.append(UInt8(accessTokenExpiresAt == nil ? 0 : 1))
        if let accessTokenExpiresAt { writer.append(accessTokenExpiresAt.seconds) }
        writer.append(UInt8(idTokenExpiresAt == nil ? 0 : 1))
        if let idTokenExpiresAt { writer.append(idTokenExpiresAt.seconds) }
        writer.append(refreshedAt.seconds)
        writer.append(generation)
        writer.append(UInt8(mustRevalidate ? 1 : 0))
        self.parts = Parts(
            claims: writer.append(claims),
            idToken: writer.append(Array(idToken.utf8)),
            accessToken: writer.appendPart(accessToken),
            refreshToken: writer.appendPart(refreshToken),
            scope: writer.appendPart(scope),
            providerSessionID: writer.appendPart(providerSessionID)
        )
        if !obtainedTokens.isEmpty { writer.append(obtainedTokens) }
        self.identity = identity
        self.authority = authority
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.accessTokenExpiresAt = accessTokenExpiresAt
        self.idTokenExpiresAt = idTokenExpiresAt
        self.refreshedAt = refreshedAt
        self.generation = generation
        self.mustRevalidate = mustRevalidate
        self.obtainedTokens = obtainedTokens
        self.bytes = writer.bytes
    }

    /// Reads what `bytes` gave. Another version, anything missing, left over, or not UTF-8 is refused.
    package init(bytes: [UInt8]) throws(SessionError) {
        var reader = RecordReader(bytes)
        let known = [Self.firstVersion, Self.version, Self.versionWithObtainedTokens]
        let version = try reader.version(among: known)
        self.createdAt = Instant(seconds: try reader.number(Int64.self))
        self.expiresAt = Instant(seconds: try reader.number(Int64.self))
        self.authority = try reader.text()
        self.identity = try reader.identity()
        self.accessTokenExpiresAt = try reader.optionalInstant()
        let isFirst = version == Self.firstVersion
        self.idTokenExpiresAt = isFirst ? nil : try reader.optionalInstant()
        self.refreshedAt = isFirst ? self.createdAt : Instant(seconds: try reader.number(Int64.self))
        self.generation = isFirst ? 0 : try reader.number(UInt32.self)
        self.mustRevalidate = isFirst ? false : try reader.flag()
        self.parts = Parts(
            claims: try reader.utf8(),
            idToken: try reader.utf8(),
            accessToken: try reader.part(),
            refreshToken: try reader.part(),
            scope: try reader.part(),
            providerSessionID: try reader.part()
        )
        self.obtainedTokens = version == Self.versionWithObtainedTokens ? try reader.obtainedTokens() : []
        try reader.finish()
        self.bytes = bytes
    }

    /// The merged claims as JSON.
    package var claims: [UInt8] { Array(self.bytes[self.parts.claims]) }
    /// The same, read; without members when they cannot be.
    package var parsedClaims: JSON { (try? JSON.parse(self.claims)) ?? .object([]) }
    /// The ID token as it came.
    package var idToken: String { self.text(self.parts.idToken) }
    package var accessToken: String? { self.parts.accessToken.map(self.text) }
    package var refreshToken: String? { self.parts.refreshToken.map(self.text) }
    /// The scope that was granted.
    package var scope: String? { self.parts.scope.map(self.text) }
    /// The provider's own name for this session (`sid`), when it gave one.
    package var providerSessionID: String? { self.parts.providerSessionID.map(self.text) }
    /// When the first of its tokens expires.
    package var tokensExpireAt: Instant? {
        switch (self.accessTokenExpiresAt, self.idTokenExpiresAt) {
        case (let access?, let id?): min(access, id)
        case (let access, let id): access ?? id
        }
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: self.bytes[range], as: UTF8.self)
    }
}

extension Session {
    /// The same session with another refresh token, of the next generation: all that is to be kept of an answer whose
    /// other parts cannot be accepted. Without one, the provider has to be asked through the browser.
    package func replacingRefreshToken(with refreshToken: String?) -> Session {
        self.next(refreshToken: refreshToken, obtainedTokens: self.obtainedTokens)
    }

    /// With more, the one whose end is nearest goes: what a session is made of is loaded again and again.
    private static let obtainedTokenLimit = 16

    /// The same session with one more token for an upstream, of the next generation. Those that have expired are left
    /// out.
    ///
    /// - Parameter refreshToken: the one that has come with it, in place of the one it was obtained with.
    package func adding(_ token: ObtainedToken, refreshToken: String, now: Instant) -> Session {
        var others = self.obtainedTokens.filter { $0.purpose != token.purpose && now < $0.expiresAt }
        if others.count >= Self.obtainedTokenLimit {
            others.sort { $0.expiresAt > $1.expiresAt }
            others.removeSubrange((Self.obtainedTokenLimit - 1)...)
        }
        return self.next(refreshToken: refreshToken, obtainedTokens: others + [token])
    }

    /// The token that has been obtained for this purpose; it may have expired.
    package func obtainedToken(for purpose: ObtainedToken.Purpose) -> ObtainedToken? {
        self.obtainedTokens.first { $0.purpose == purpose }
    }

    private func next(refreshToken: String?, obtainedTokens: [ObtainedToken]) -> Session {
        Session(
            identity: self.identity,
            claims: self.claims,
            idToken: self.idToken,
            accessToken: self.accessToken,
            accessTokenExpiresAt: self.accessTokenExpiresAt,
            refreshToken: refreshToken,
            scope: self.scope,
            providerSessionID: self.providerSessionID,
            authority: self.authority,
            createdAt: self.createdAt,
            expiresAt: self.expiresAt,
            idTokenExpiresAt: self.idTokenExpiresAt,
            refreshedAt: self.refreshedAt,
            generation: self.generation &+ 1,
            mustRevalidate: refreshToken == nil,
            obtainedTokens: obtainedTokens
        )
    }
}

extension Session: Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    package static func == (left: Session, right: Session) -> Bool {
        left.bytes == right.bytes
    }

    /// Shows no identity and no token.
    package var description: String { "(session)" }
    /// Shows no identity and no token.
    package var debugDescription: String { "(session)" }
}

extension RecordWriter {
    fileprivate mutating func append(_ identity: Identity) {
        self.append(identity.issuer)
        self.append(identity.subject)
        self.append(identity.email)
        self.append(UInt8(identity.emailVerified ? 1 : 0))
        self.append(identity.name)
        self.append(identity.preferredUsername)
        self.append(UInt32(truncatingIfNeeded: identity.roles.count))
        for role in identity.roles { self.append(role) }
    }

    fileprivate mutating func append(_ tokens: [ObtainedToken]) {
        self.append(UInt32(truncatingIfNeeded: tokens.count))
        for token in tokens {
            self.append(token.purpose.resource)
            self.append(token.purpose.organizationID)
            self.append(token.text)
            self.append(token.obtainedAt.seconds)
            self.append(token.expiresAt.seconds)
        }
    }

    fileprivate mutating func appendPart(_ text: String?) -> Range<Int>? {
        self.append(UInt8(text == nil ? 0 : 1))
        return text.map { self.append(Array($0.utf8)) }
    }
}

extension RecordReader {
    fileprivate mutating func identity() throws(SessionError) -> Identity {
        let issuer = try self.text()
        let subject = try self.text()
        let email = try self.optionalText()
        let emailVerified = try self.flag()
        let name = try self.optionalText()
        let preferredUsername = try self.optionalText()
        var roles: [String] = []
        // No capacity is reserved: the count is only believed as far as the bytes go.
        for _ in 0..<(try self.number(UInt32.self)) { roles.append(try self.text()) }
        return Identity(
            issuer: issuer,
            subject: subject,
            email: email,
            emailVerified: emailVerified,
            name: name,
            preferredUsername: preferredUsername,
            roles: roles
        )
    }

    fileprivate mutating func obtainedTokens() throws(SessionError) -> [ObtainedToken] {
        var tokens: [ObtainedToken] = []
        for _ in 0..<(try self.number(UInt32.self)) {
            let purpose = ObtainedToken.Purpose(
                resource: try self.optionalText(),
                organizationID: try self.optionalText()
            )
            let text = try self.text()
            let obtainedAt = Instant(seconds: try self.number(Int64.self))
            let expiresAt = Instant(seconds: try self.number(Int64.self))
            tokens.append(
                ObtainedToken(purpose: purpose, text: text, obtainedAt: obtainedAt, expiresAt: expiresAt)
            )
        }
        return tokens
    }

    fileprivate mutating func optionalInstant() throws(SessionError) -> Instant? {
        try self.flag() ? Instant(seconds: try self.number(Int64.self)) : nil
    }

    fileprivate mutating func part() throws(SessionError) -> Range<Int>? {
        try self.flag() ? try self.utf8() : nil
    }
}
