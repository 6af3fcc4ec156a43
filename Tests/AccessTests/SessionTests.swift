import Access
import Cryptography
import OpenIDConnect
import TestSupport
import Testing

struct SessionTests {
    private static func sparse() -> Session {
        .make(
            identity: Identity(issuer: "i", subject: "s"),
            claims: "",
            idToken: "",
            accessToken: nil,
            accessTokenExpiresAt: nil,
            refreshToken: nil,
            scope: nil,
            providerSessionID: nil,
            authority: "",
            createdAt: Instant(seconds: .min),
            expiresAt: Instant(seconds: .max),
            idTokenExpiresAt: nil
        )
    }

    @Test func `a session comes back from its bytes`() throws {
        for session in [
            Session.make(), Self.sparse(),
            .make(identity: .make(name: "アリス \u{1F600}\u{0}"), scope: "", authority: "[::1]:8443"),
            .make(refreshedAt: Instant(seconds: 7), generation: .max, mustRevalidate: true),
        ] {
            let read = try Session(bytes: session.bytes)
            #expect(read == session)
            #expect(read.identity == session.identity)
            #expect(read.claims == session.claims)
            #expect(read.idToken == session.idToken)
            #expect(read.accessToken == session.accessToken)
            #expect(read.accessTokenExpiresAt == session.accessTokenExpiresAt)
            #expect(read.refreshToken == session.refreshToken)
            #expect(read.scope == session.scope)
            #expect(read.providerSessionID == session.providerSessionID)
            #expect(read.authority == session.authority)
            #expect(read.createdAt == session.createdAt)
            #expect(read.expiresAt == session.expiresAt)
            #expect(read.idTokenExpiresAt == session.idTokenExpiresAt)
            #expect(read.refreshedAt == session.refreshedAt)
            #expect(read.generation == session.generation)
            #expect(read.mustRevalidate == session.mustRevalidate)
        }
    }

    @Test func `the parts are what they were made of`() {
        let session = Session.make()
        #expect(session.claims == Array(#"{"sub":"706lje0vqvfe"}"#.utf8))
        #expect(session.idToken == "header.payload.signature")
        #expect(session.accessToken == "access")
        #expect(session.refreshToken == "refresh")
        #expect(session.scope == "openid profile")
        #expect(session.providerSessionID == "sid")
    }

    @Test func `the first layout stays readable`() throws {
        let session = Session.make(
            identity: .make(
                issuer: "i",
                subject: "s",
                email: nil,
                emailVerified: false,
                name: nil,
                preferredUsername: "u",
                roles: ["r"]
            ),
            claims: "{}",
            idToken: "t",
            accessToken: nil,
            accessTokenExpiresAt: nil,
            refreshToken: "f",
            scope: nil,
            providerSessionID: nil,
            authority: "a",
            createdAt: Instant(seconds: 1),
            expiresAt: Instant(seconds: 258),
            idTokenExpiresAt: nil
        )
        let times: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]
        let authority: [UInt8] = [0, 0, 0, 1, 0x61]
        let identity: [UInt8] = [
            0, 0, 0, 1, 0x69, 0, 0, 0, 1, 0x73, 0, 0, 0, 1, 0, 0, 0, 1, 0x75, 0, 0, 0, 1, 0, 0, 0, 1, 0x72,
        ]
        let parts: [UInt8] = [0, 0, 0, 0, 2, 0x7B, 0x7D, 0, 0, 0, 1, 0x74, 0, 1, 0, 0, 0, 1, 0x66, 0, 0]
        #expect(session.generation == 0 && !session.mustRevalidate && session.refreshedAt == session.createdAt)
        let first = try Session(bytes: times + authority + identity + parts)
        #expect(first.identity == session.identity)
        #expect(first.refreshToken == "f")
        #expect(first.refreshedAt == first.createdAt && first.generation == 0 && first.idTokenExpiresAt == nil)
        // What came with the second: no ID token's end, refreshed at 1, generation 0, no need to revalidate.
        let added: [UInt8] = [0] + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0] + [0]
        let head = Array((times + authority + identity).dropFirst())
        #expect(session.bytes == [2] + head + [0] + added + Array(parts.dropFirst()))
    }

    @Test func `tokens for upstreams come back too, and only then the layout is another`() throws {
        let purposes = [
            ObtainedToken.Purpose(resource: "https://api.example.com", organizationID: nil),
            ObtainedToken.Purpose(resource: nil, organizationID: "o1"),
        ]
        let tokens = purposes.map { ObtainedToken(purpose: $0, text: "t", obtainedAt: .somewhen, expiresAt: .somewhen) }
        let session = Session.make(generation: 4)
        let first = session.adding(tokens[0], refreshToken: "r1", now: Instant(seconds: 1))
        let both = first.adding(tokens[1], refreshToken: "r2", now: Instant(seconds: 1))
        #expect(session.bytes[0] == 2 && both.bytes[0] == 3)
        let read = try Session(bytes: both.bytes)
        #expect(read.obtainedTokens == tokens)
        #expect(read.obtainedToken(for: purposes[1]) == tokens[1])
        #expect(read.refreshToken == "r2" && read.generation == 6 && read.refreshedAt == session.refreshedAt)
        #expect(read.accessToken == session.accessToken && !read.mustRevalidate)
        for length in 0..<both.bytes.count {
            #expect(throws: SessionError.self) { try Session(bytes: Array(both.bytes.prefix(length))) }
        }
        #expect(both.replacingRefreshToken(with: nil).obtainedTokens == tokens)
    }

    @Test func `a token for an upstream takes the place of the one before, and the expired go`() {
        let purpose = ObtainedToken.Purpose(resource: "a", organizationID: nil)
        let other = ObtainedToken.Purpose(resource: "b", organizationID: nil)
        func token(_ purpose: ObtainedToken.Purpose, _ text: String, until seconds: Int64) -> ObtainedToken {
            ObtainedToken(
                purpose: purpose,
                text: text,
                obtainedAt: Instant(seconds: 0),
                expiresAt: Instant(seconds: seconds)
            )
        }
        let session = Session.make()
            .adding(token(purpose, "1", until: 10), refreshToken: "r", now: Instant(seconds: 0))
            .adding(token(other, "2", until: 10), refreshToken: "r", now: Instant(seconds: 0))
            .adding(token(purpose, "3", until: 30), refreshToken: "r", now: Instant(seconds: 9))
        #expect(session.obtainedTokens.map(\.text) == ["2", "3"])
        let later = session.adding(token(purpose, "4", until: 40), refreshToken: "r", now: Instant(seconds: 10))
        #expect(later.obtainedTokens.map(\.text) == ["4"])
        #expect("\(later.obtainedTokens)".contains("4") == false)
    }

    @Test func `names that only look the same are two, and sixteen tokens are kept`() {
        func token(_ name: String, until seconds: Int64) -> ObtainedToken {
            ObtainedToken(
                purpose: ObtainedToken.Purpose(resource: nil, organizationID: name),
                text: name,
                obtainedAt: Instant(seconds: 0),
                expiresAt: Instant(seconds: seconds)
            )
        }
        let start = Instant(seconds: 0)
        var session = Session.make().adding(token("caf\u{e9}", until: 900), refreshToken: "r", now: start)
        let other = ObtainedToken.Purpose(resource: nil, organizationID: "cafe\u{301}")
        #expect(session.obtainedToken(for: other) == nil)
        for number in 1...40 {
            session = session.adding(token("o\(number)", until: Int64(number)), refreshToken: "r", now: start)
        }
        #expect(session.obtainedTokens.count == 16)
        #expect(session.obtainedTokens.contains { $0.text == "caf\u{e9}" }, "the one that ends last")
        #expect(session.obtainedTokens.contains { $0.text == "o40" }, "the newest")
        #expect(!session.obtainedTokens.contains { $0.text == "o1" })
    }

    @Test func `a token is fresh until a quarter of a minute is left, or half a minute of an hour`() {
        func token(_ life: Int64) -> ObtainedToken {
            ObtainedToken(
                purpose: ObtainedToken.Purpose(resource: "a", organizationID: nil),
                text: "t",
                obtainedAt: Instant(seconds: 0),
                expiresAt: Instant(seconds: life)
            )
        }
        #expect(token(60).isFresh(Instant(seconds: 44)) && !token(60).isFresh(Instant(seconds: 45)))
        #expect(token(3600).isFresh(Instant(seconds: 3569)) && !token(3600).isFresh(Instant(seconds: 3570)))
    }

    @Test func `anything missing or left over is refused`() throws {
        let bytes = Session.make().bytes
        for length in 0..<bytes.count {
            #expect(throws: SessionError.self) { try Session(bytes: Array(bytes.prefix(length))) }
        }
        #expect(throws: SessionError.self) { try Session(bytes: bytes + [0]) }
    }

    @Test func `another version is refused by name`() {
        var bytes = Session.make().bytes
        bytes[0] = 9
        #expect { try Session(bytes: bytes) } throws: { error in
            if case SessionError.unknownVersion = error { true } else { false }
        }
    }

    @Test func `a text that is not UTF-8 is refused`() throws {
        let marker = Array("header.payload.signature".utf8)
        let bytes = Session.make().bytes
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: marker) })
        for (offset, byte) in [(0, UInt8(0xFF)), (3, 0xC0), (23, 0xE6)] {
            var broken = bytes
            broken[start + offset] = byte
            #expect(throws: SessionError.self) { try Session(bytes: broken) }
        }
    }

    @Test func `lengths and counts of strangers are not believed`() {
        var bytes = Session.make(identity: .make(roles: [])).bytes
        for start in bytes.indices.dropLast(4) {
            var broken = bytes
            for offset in 0..<4 { broken[start + offset] = 0xFF }
            _ = try? Session(bytes: broken)
        }
        bytes = [1] + [UInt8](repeating: 0xFF, count: 100)
        #expect(throws: SessionError.self) { try Session(bytes: bytes) }
    }

    @Test func `whatever a record holds is refused or reads as one session`() {
        let seeds = [Session.make().bytes, Self.sparse().bytes]
        let words: [[UInt8]] = [
            [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 1], [1], [0], [0x80, 0, 0, 0], [0xC0, 0xAF],
        ]
        var generator = SeededGenerator(seed: 4)
        for round in 0..<5000 {
            let bytes = generator.mutated(seeds[round % seeds.count], words: words)
            // The first version is read, but written as the second.
            guard bytes.first == 2, let session = try? Session(bytes: bytes) else { continue }
            let again = Session(
                identity: session.identity,
                claims: session.claims,
                idToken: session.idToken,
                accessToken: session.accessToken,
                accessTokenExpiresAt: session.accessTokenExpiresAt,
                refreshToken: session.refreshToken,
                scope: session.scope,
                providerSessionID: session.providerSessionID,
                authority: session.authority,
                createdAt: session.createdAt,
                expiresAt: session.expiresAt,
                idTokenExpiresAt: session.idTokenExpiresAt,
                refreshedAt: session.refreshedAt,
                generation: session.generation,
                mustRevalidate: session.mustRevalidate
            )
            #expect(again.bytes == bytes, "one session has one record")
        }
    }

    @Test func `a sealed session opens with its ticket, host and ring`() throws {
        let ticket = Ticket.make()
        let keys = try KeyRing.make()
        let box = try Session.make().sealed(for: ticket, with: keys)
        #expect(try Session.open(box, ticket: ticket, authority: "app.example.com", with: keys) == .make())
    }

    @Test func `a sealed session opens with nothing else`() throws {
        let ticket = Ticket.make()
        let keys = try KeyRing.make()
        let box = try Session.make().sealed(for: ticket, with: keys)
        func isRefused(_ box: [UInt8], _ ticket: Ticket, _ authority: String, _ keys: KeyRing) -> Bool {
            (try? Session.open(box, ticket: ticket, authority: authority, with: keys)) == nil
        }
        let mixed = Ticket(cookieValue: Base64URL.encode(ticket.id + Ticket.make().secret).utf8)
        let swapped = Ticket(cookieValue: Base64URL.encode(Ticket.make().id + ticket.secret).utf8)
        #expect(isRefused(box, .make(), "app.example.com", keys))
        #expect(isRefused(box, try #require(mixed), "app.example.com", keys), "the id alone is worth nothing")
        #expect(
            isRefused(box, try #require(swapped), "app.example.com", keys),
            "a record moved to another key does not open"
        )
        #expect(isRefused(box, ticket, "other.example.com", keys))
        #expect(isRefused(box, ticket, "", keys))
        #expect(isRefused(box, ticket, "app.example.com", try .make()))
        #expect(isRefused([], ticket, "app.example.com", keys))
        // The second byte is the mark that anybody who has the store may set.
        for index in box.indices where index != 1 {
            var broken = box
            broken[index] ^= 1
            #expect(isRefused(broken, ticket, "app.example.com", keys))
        }
    }

    @Test func `a session of another host is nobody's, which is no fault of the store`() throws {
        let ticket = Ticket.make()
        let keys = try KeyRing.make()
        let box = try Session.make().sealed(for: ticket, with: keys)
        #expect {
            try Session.open(box, ticket: ticket, authority: "other.example.com", with: keys)
        } throws: { error in
            if case SessionError.anotherHost = error { true } else { false }
        }
    }

    @Test func `a value sealed for another purpose is no session`() throws {
        let ticket = Ticket.make()
        let keys = try KeyRing.make()
        let context = ticket.key.bytes + Array("app.example.com".utf8)
        let box = try keys.seal(Session.make().bytes, for: "sign-in", secret: ticket.secret, context: context)
        #expect(throws: SessionError.self) {
            try Session.open(box, ticket: ticket, authority: "app.example.com", with: keys)
        }
    }

    @Test func `keys are rotated without signing anybody out`() throws {
        let old = SealingKey.generate()
        let ticket = Ticket.make()
        let box = try Session.make().sealed(for: ticket, with: KeyRing([old]))
        let rotated = try KeyRing([SealingKey.generate(), old])
        #expect(try Session.open(box, ticket: ticket, authority: "app.example.com", with: rotated) == .make())
    }

    @Test func `a session prints nothing of itself`() {
        let session = Session.make()
        #expect("\(session)" == "(session)")
        #expect(String(reflecting: session) == "(session)")
        #expect(String(reflecting: [session]) == "[(session)]")
    }
}
