package import Access
package import OpenIDConnect

/// Which sessions an operator means.
package enum SessionSelector: Sendable, Equatable {
    /// By the name the list shows.
    case session(SessionKey)
    /// All of a person, by the provider's `sub`.
    case user(String)
    /// Those of a session at the provider.
    case providerSession(String)
    case all

    /// Reads a query: exactly one of `session`, `user`, `sid` and `all=true`.
    package init?(query: [FormField]) {
        let known = query.filter { field in
            ["session", "user", "sid", "all"].contains { $0.utf8.elementsEqual(field.name) }
        }
        guard known.count == 1, query.count == 1, !known[0].value.isEmpty else { return nil }
        let value = String(decoding: known[0].value, as: UTF8.self)
        switch String(decoding: known[0].name, as: UTF8.self) {
        case "session":
            guard let key = SessionKey(hex: value) else { return nil }
            self = .session(key)
        case "user": self = .user(value)
        case "sid": self = .providerSession(value)
        case "all" where value == "true": self = .all
        default: return nil
        }
    }

    /// What the initializer reads.
    package var query: String {
        let pair =
            switch self {
            case .session(let key): ("session", key.hex)
            case .user(let subject): ("user", subject)
            case .providerSession(let id): ("sid", id)
            case .all: ("all", "true")
            }
        return FormEncoding.encode([pair])
    }

    /// The sets they are in; empty for one session.
    func indexes(issuers: [String]) -> [SessionIndex] {
        switch self {
        case .session: []
        case .user(let subject): issuers.map { .subject(subject, issuer: $0) }
        case .providerSession(let id): issuers.map { .providerSession(id, issuer: $0) }
        case .all: SessionIndex.shares
        }
    }
}
