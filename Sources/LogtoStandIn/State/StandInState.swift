import Cryptography
import JSON

/// Everything the OP knows. It is changed by one request after another, on one thread.
struct StandInState: Sendable {
    let issuer: String
    /// What `reset` goes back to.
    var options = StandIn.Options()
    /// Signs cookies.
    let cookieKey: [UInt8]
    var keys: KeySet
    var clock: Clock
    var knobs = Knobs()
    var clients = Table<Client>()
    var users = Table<User>()
    var permissions = Permissions()
    /// By cookie.
    var sessions = Table<Session>()
    var interactions = Table<Interaction>()
    var codes = Table<AuthorizationCode>()
    var grants = Table<Grant>()
    var accessTokens = Table<AccessToken>()
    var refreshTokens = Table<RefreshToken>()
    var faults: [Fault] = []
    var mutations: [TokenMutation] = []
    var userInfoMutations: [UserInfoMutation] = []
    var callbackMutations: [CallbackMutation] = []
    var journal = Journal()
    /// What is to be sent before the request that caused it is answered.
    var parcels: [Parcel] = []

    /// - Throws: what making a key throws.
    init(issuer: String, clock: Clock) throws(CryptographyError) {
        self.issuer = issuer
        self.clock = clock
        cookieKey = Random.bytes(32)
        keys = try KeySet()
    }

    /// Unix seconds on the OP's clock.
    var now: Int64 { clock.now }

    /// Scheme and host of the issuer.
    var endpoint: String {
        issuer.hasSuffix("/oidc") ? String(issuer.dropLast(5)) : issuer
    }

    /// Scheme and host under which this request reached us: Logto builds endpoint URLs from it (specification 1.4).
    func base(of request: Request) -> String {
        var scheme = "http"
        var host = request.header("host")
        if knobs.trustsProxyHeader {
            if request.header("x-forwarded-proto") == "https" { scheme = "https" }
            host = request.header("x-forwarded-host") ?? host
        }
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]".utf8)
        guard let host, !host.isEmpty, host.utf8.allSatisfy(allowed.contains) else { return endpoint }
        return "\(scheme)://\(host)"
    }

    /// The user somebody means who types this.
    func user(named text: String) -> User? {
        users[text] ?? users.all.first { $0.answers(to: text) }
    }

    /// A user who may sign in.
    func activeUser(_ id: String?) -> User? {
        guard let user = users[id], !user.isSuspended else { return nil }
        return user
    }

    /// The session with this `uid`.
    func session(uid: String) -> Session? {
        sessions.all.first { sameBytes($0.uid, uid) && $0.expiresAt > now }
    }

    /// Ends a grant and whatever was issued under it.
    mutating func revoke(grant id: String, because reason: String) {
        let isOurs = { (authority: Authority) in sameBytes(authority.grantID, id) }
        codes.removeAll { isOurs($0.authority) && !$0.isConsumed }
        accessTokens.removeAll { isOurs($0.authority) }
        refreshTokens.removeAll { isOurs($0.authority) }
        if let grant = grants[id] {
            grants[id] = nil
            record(
                "grant_revoked",
                ["grant": .string(id), "client": .string(grant.clientID), "reason": .string(reason)]
            )
        }
    }

    /// What Logto does when a user is suspended or deleted: sessions and tokens go; nothing is sent to anyone.
    mutating func signOut(user id: String) {
        sessions.removeAll { $0.userID.map { sameBytes($0, id) } ?? false }
        accessTokens.removeAll { sameBytes($0.authority.userID, id) }
        refreshTokens.removeAll { sameBytes($0.authority.userID, id) }
    }

    /// Whether what was issued with this authority still counts: its session lives, where it depends on one.
    func isAlive(_ authority: Authority) -> Bool {
        guard authority.isSessionBound else { return true }
        let authorization = session(uid: authority.sessionUID)?.authorizations[authority.clientID]
        return authorization?.grantID.map { sameBytes($0, authority.grantID) } ?? false
    }

    /// Hands over what is to be sent.
    mutating func takeParcels() -> [Parcel] {
        defer { parcels = [] }
        return parcels
    }

    /// Adds to the list of events.
    mutating func record(_ event: String, _ details: JSON = [:]) {
        journal.add(event: event, details, at: now)
    }

    /// Forgets what has expired, so that a long run stays small.
    mutating func forgetExpired() {
        guard accessTokens.count + sessions.count + interactions.count + codes.count > 20_000 else { return }
        let now = now
        sessions.removeAll { $0.expiresAt <= now }
        interactions.removeAll { $0.expiresAt <= now }
        codes.removeAll { $0.expiresAt <= now }
        grants.removeAll { $0.expiresAt <= now }
        accessTokens.removeAll { $0.expiresAt <= now }
        refreshTokens.removeAll { $0.expiresAt <= now }
    }
}
