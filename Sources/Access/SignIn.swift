package import Cryptography
package import OpenIDConnect

/// The transaction between the redirect to the OP and the callback, kept by the browser alone, sealed into a cookie of
/// its own. Several can be under way in several tabs.
package struct SignIn: Sendable {
    /// 43 characters of base64url for 32 random bytes.
    package let state: String
    /// The same, for the ID token to repeat.
    package let nonce: String
    /// PKCE: the verifier goes with the code, its challenge with the redirect.
    package let proofKey: ProofKey
    /// Where the sign-in ends.
    package let returnURL: ReturnURL
    /// The host it started on, in `Authority.text`.
    package let authority: String
    package let startedAt: Instant
    /// How many sign-ins this browser had started without finishing one: the loop breaker counts.
    package let attempt: UInt8
    /// How the provider was asked to sign somebody in; what comes back is measured by it.
    package let stepUp: StepUp

    private static let version: UInt8 = 2
    private static let purpose = "sign-in"
    private static let randomLength = 32
    /// A return URL beyond this many bytes is shortened, so that the cookie stays small.
    private static let longestReturnURL = 2000
    /// No cookie of ours is longer.
    private static let longestCookieValue = 4096

    /// A new transaction.
    package init(
        returnURL: ReturnURL,
        authority: String,
        startedAt: Instant,
        attempt: UInt8 = 0,
        stepUp: StepUp = .none,
        random: (Int) -> [UInt8] = Random.bytes
    ) {
        var state = random(Self.randomLength)
        // All that is left to tell a second attempt by when the browser has kept no cookie of ours.
        state[0] = attempt == 0 ? state[0] & 0x7f : state[0] | 0x80
        self.init(
            state: state,
            nonce: random(Self.randomLength),
            verifier: random(Self.randomLength),
            returnURL: returnURL.shortened(to: Self.longestReturnURL),
            authority: authority,
            startedAt: startedAt,
            attempt: attempt,
            stepUp: stepUp
        )
    }

    private init(
        state: [UInt8],
        nonce: [UInt8],
        verifier: [UInt8],
        returnURL: ReturnURL,
        authority: String,
        startedAt: Instant,
        attempt: UInt8,
        stepUp: StepUp
    ) {
        self.state = Base64URL.encode(state)
        self.nonce = Base64URL.encode(nonce)
        self.proofKey = ProofKey(randomBytes: verifier)
        self.returnURL = returnURL
        self.authority = authority
        self.startedAt = startedAt
        self.attempt = attempt
        self.stepUp = stepUp
    }

    /// The PKCE verifier.
    package var verifier: String { self.proofKey.verifier }

    /// Tells the cookies of several transactions apart: 8 hexadecimal digits.
    package var cookieSuffix: String { Self.cookieSuffix(forState: self.state.utf8) }

    /// The suffix of the cookie that belongs to a `state`, whoever sent it.
    package static func cookieSuffix(forState state: some Sequence<UInt8>) -> String {
        hexadecimal(Digest.sha256(Array(state)).prefix(4))
    }

    /// Whether a `state` belongs to a sign-in that was started over, as far as the state itself tells: it may be
    /// anybody's.
    package static func isSecondAttempt(state: [UInt8]) -> Bool {
        Base64URL.decode(state)?.first.map { $0 >= 0x80 } ?? true
    }

    /// What `SessionStore.claim` is asked for, so that a state is good once.
    package var claimName: [UInt8] { Digest.sha256(Array(self.state.utf8)) }

    /// The cookie's value: base64url, about 200 characters beside the return URL.
    package func sealed(with keys: KeyRing) throws(SessionError) -> String {
        var writer = RecordWriter(version: Self.version)
        for text in [self.state, self.nonce, self.verifier] {
            for byte in Base64URL.decode(text) ?? [] { writer.append(byte) }
        }
        writer.append(self.startedAt.seconds)
        writer.append(self.attempt)
        writer.append(self.returnURL.text)
        writer.append(self.stepUp.maximumAge?.components.seconds ?? -1)
        writer.append(UInt8(truncatingIfNeeded: self.stepUp.classes.count))
        for name in self.stepUp.classes { writer.append(name) }
        do {
            let box = try keys.seal(
                writer.bytes,
                for: Self.purpose,
                secret: [],
                context: Array(self.authority.utf8)
            )
            return Base64URL.encode(box)
        } catch {
            throw .sealing(error)
        }
    }

    /// Opens a cookie's value; `nil` for anything that was not sealed here, for this host.
    package static func open(
        _ cookieValue: some Collection<UInt8>,
        authority: String,
        with keys: KeyRing
    ) -> SignIn? {
        guard cookieValue.count <= Self.longestCookieValue, let box = Base64URL.decode(cookieValue) else { return nil }
        do {
            let bytes = try keys.open(box, for: Self.purpose, secret: [], context: Array(authority.utf8))
            return try SignIn(bytes: bytes, authority: authority)
        } catch {
            return nil
        }
    }

    private init(bytes: [UInt8], authority: String) throws(SessionError) {
        var reader = RecordReader(bytes)
        try reader.expect(version: Self.version)
        let state = try reader.take(Self.randomLength)
        let nonce = try reader.take(Self.randomLength)
        let verifier = try reader.take(Self.randomLength)
        let startedAt = Instant(seconds: try reader.number(Int64.self))
        let attempt = try reader.number(UInt8.self)
        guard let returnURL = ReturnURL(sealed: try reader.text()) else { throw .malformed }
        let maximumAge = try reader.number(Int64.self)
        var classes: [String] = []
        for _ in 0..<(try reader.number(UInt8.self)) { classes.append(try reader.text()) }
        try reader.finish()
        self.init(
            state: Array(bytes[state]),
            nonce: Array(bytes[nonce]),
            verifier: Array(bytes[verifier]),
            returnURL: returnURL,
            authority: authority,
            startedAt: startedAt,
            attempt: attempt,
            stepUp: StepUp(classes: classes, maximumAge: maximumAge < 0 ? nil : .seconds(maximumAge))
        )
    }
}

extension SignIn: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always the same words.
    package var description: String { "(sign-in)" }
    /// Always the same words.
    package var debugDescription: String { "(sign-in)" }
    /// Nothing: `dump` prints no more than the description.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
