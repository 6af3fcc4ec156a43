package import Access
import Cryptography
import JSON
import OpenIDConnect

/// A session that its ticket has opened, with the header fields it stands for.
package final class OpenedSession {
    let ticket: Ticket
    /// The session, with what the routes' policies make of it.
    package private(set) var grants: Grants
    package var session: Session { self.grants.session }
    /// The identity as the header fields of each set that was asked for, rendered once.
    private var rendered: [(headers: HeaderSet?, fields: Result<[UInt8], IdentityFieldsError>)] = []
    private var checked: Result<[UInt8], IdentityFieldsError>?
    /// What its applications are told in signed form.
    var assertions = Assertions()
    /// The sealed record this was opened from: as long as the store holds these bytes, the session is this one. Empty
    /// while the store tells of changes, which is a better way to know.
    let box: [UInt8]
    /// Roughly the bytes it takes: the record, the texts read out of it, the fields, and what holds them together.
    let cost: Int

    /// Until when what an API permits is known.
    private var permissionsEnd: [UpstreamToken: Instant] = [:]

    /// Whether a token was brought in place of a ticket.
    let isBearer: Bool
    /// When it has to be renewed at the provider; `nil` for a token's.
    let plan: RenewalPlan?
    /// Marked in the store: something about the person has changed.
    package let isStale: Bool

    /// What a token stands for. No ticket opens it and no store holds it.
    convenience init(bearer grants: Grants) {
        self.init(ticket: .make(), grants: grants, record: [], keepsRecord: false, rules: nil)
    }

    /// - Parameters:
    ///   - record: what it was opened from.
    ///   - keepsRecord: `false` while the store tells of changes.
    ///   - rules: `nil` for a token's.
    init(ticket: Ticket, grants: Grants, record: [UInt8], keepsRecord: Bool, rules: RenewalPlan.Rules?) {
        self.isBearer = rules == nil
        self.ticket = ticket
        self.grants = grants
        self.box = keepsRecord ? record : []
        // Any byte of a digest is as good as chance, and the same on every replica.
        let chance = ticket.key.bytes[8] ^ UInt8(truncatingIfNeeded: grants.session.generation &* 37)
        self.plan = rules.map { RenewalPlan(for: grants.session, rules: $0, jitter: Double(chance) / 256) }
        self.isStale = (try? SessionRecord(bytes: record).isStale) ?? false
        // The fields are rendered later; they are about as long as the claims they tell.
        self.cost = 3 * grants.session.bytes.count + box.count + 1024
    }

    /// The identity as a route's upstream is told of it, ready to be sent.
    package func fields(_ headers: HeaderSet?, maximumSize: Int) -> Result<[UInt8], IdentityFieldsError> {
        for known in self.rendered where known.headers === headers { return known.fields }
        let fields = self.render(headers, maximumSize: maximumSize)
        self.rendered.append((headers, fields))
        return fields
    }

    /// The same for the answer to a check: under the names that the upstream gets, and under those that other programs of
    /// this kind answer with. Rendered when it is first asked for.
    func checkFields(maximumSize: Int) -> Result<[UInt8], IdentityFieldsError> {
        if let checked { return checked }
        let identity = self.session.identity
        let result = Result { () throws(IdentityFieldsError) in
            var wire = WireBytes()
            for (name, value) in try IdentityFields.checked(for: identity, maximumSize: maximumSize) {
                wire.appendField(name, value)
            }
            return wire.bytes
        }
        self.checked = result
        return result
    }

    /// The organizations the user is in, as the claim lists them. Read when they are first asked for.
    private(set) lazy var organizations: [String] =
        (self.session.parsedClaims["organizations"]?.arrayValue ?? []).compactMap(\.stringValue)

    /// The first of these whose permissions have to be asked for.
    func unknown(of apis: [UpstreamToken], now: Instant) -> UpstreamToken? {
        apis.first { api in self.permissionsEnd[api].map { $0 <= now } ?? true }
    }

    /// Judges anew, now that it is known what an API permits.
    func learn(_ permissions: String, of api: UpstreamToken, until end: Instant, _ requirements: Requirements) {
        self.permissionsEnd[api] = end
        var known = self.grants.permissions
        known[api] = permissions
        self.grants = Grants(self.session, requirements, permissions: known)
    }

    private func render(_ headers: HeaderSet?, maximumSize: Int) -> Result<[UInt8], IdentityFieldsError> {
        var wire = WireBytes()
        do {
            if let headers {
                let fields = try headers.rendered(for: self.session, maximumSize: maximumSize)
                for (name, value) in fields {
                    wire.append(name)
                    wire.append(": ")
                    wire.append(value)
                    wire.append("\r\n")
                }
            } else {
                let fields = try IdentityFields.rendered(for: self.session.identity, maximumSize: maximumSize)
                for (name, value) in fields { wire.appendField(name, value) }
            }
            return .success(wire.bytes)
        } catch {
            return .failure(error)
        }
    }
}

extension OpenedSession {
    /// Whether this ticket would open the record here: who knows the id alone does not.
    func isOpened(by ticket: Ticket, for authority: Authority) -> Bool {
        constantTimeEqual(self.ticket.secret, ticket.secret)
            && self.session.authority.isExactly(authority.text)
    }
}

@available(*, unavailable)
extension OpenedSession: Sendable {}
