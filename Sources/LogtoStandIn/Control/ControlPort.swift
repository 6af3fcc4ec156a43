import Cryptography
import JSON

/// The tests' way in (specification 9.11): JSON over HTTP, on a port of its own. Nothing here is Logto's.
enum ControlPort {
    static func answer(_ request: Request, _ state: inout StandInState) -> Response {
        do throws(ControlError) {
            let body = request.body.isEmpty ? JSON.object([]) : try parse(request.body)
            return .json(try route(request, body, &state))
        } catch {
            return .json(["error": .string(error.reason)], status: error.status)
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(ControlError) -> JSON {
        do throws(JSONError) {
            return try JSON.parse(bytes)
        } catch {
            throw ControlError(reason: error.description)
        }
    }

    private static func route(
        _ request: Request,
        _ body: JSON,
        _ state: inout StandInState
    ) throws(ControlError) -> JSON {
        let query = request.query
        if request.method == "GET" {
            switch request.path {
            case "/": return ["issuer": .string(state.issuer), "calls": JSON(calls)]
            case "/log": return log(query, state)
            case "/events": return events(query, state)
            case "/clients": return .array(state.clients.all.map(\.json))
            case "/users": return .array(state.users.all.map(\.json))
            case "/sessions": return sessions(query["user"], state)
            case "/clock": return clock(state)
            case "/keys": return keys(state)
            default: throw ControlError(reason: "no such call: GET \(request.path)", status: 404)
            }
        }
        var members = try Members(body)
        let answer = try change("\(request.method) \(request.path)", &members, &state)
        try members.finish()
        return answer
    }

    private static func change(
        _ call: String,
        _ members: inout Members,
        _ state: inout StandInState
    ) throws(ControlError) -> JSON {
        switch call {
        case "POST /reset": return try reset(&members, &state)
        case "POST /clients": return try ControlRecords.client(&members, &state)
        case "POST /users": return try ControlRecords.user(&members, &state)
        case "POST /roles": return try ControlRecords.roles(&members, &state)
        case "POST /suspend": return try ControlRecords.suspend(&members, &state)
        case "DELETE /user": return try ControlRecords.deleteUser(&members, &state)
        case "DELETE /session": return try ControlRecords.deleteSession(&members, &state)
        case "POST /resources": return try Permissions.resource(&members, &state)
        case "POST /organization-scopes": return try Permissions.organizationScopes(&members, &state)
        case "POST /personal-access-tokens": return try Permissions.personalAccessToken(&members, &state)
        case "POST /rotate": return try rotate(&members, &state)
        case "POST /clock": return try setClock(&members, &state)
        case "POST /knobs": return try ControlTricks.knobs(&members, &state)
        case "POST /fault": return try ControlTricks.fault(&members, &state)
        case "POST /mutate": return try ControlTricks.mutate(&members, &state)
        case "POST /callback-mutate": return try ControlTricks.mutateCallback(&members, &state)
        case "POST /webhook": return try sendWebhook(&members, &state)
        case "POST /mint": return try ControlTricks.mint(&members, &state)
        default: throw ControlError(reason: "no such call: \(call)", status: 404)
        }
    }

    private static let calls = [
        "GET /log?since=&path=&method=", "GET /events?since=&event=", "GET /clients", "GET /users",
        "GET /sessions?user=", "GET /clock", "GET /keys", "POST /reset", "POST /clients", "POST /users", "POST /roles",
        "POST /suspend", "DELETE /user", "DELETE /session", "POST /rotate", "POST /clock", "POST /knobs",
        "POST /fault", "POST /mutate", "POST /callback-mutate", "POST /webhook", "POST /mint", "POST /resources",
        "POST /organization-scopes", "POST /personal-access-tokens",
    ]

    // MARK: - Reading

    private static func log(_ query: Form, _ state: StandInState) -> JSON {
        let since = Int64(query["since"] ?? "0") ?? 0
        let entries = state.journal.requests.filter { entry in
            entry.number > since
                && query["path"].map { sameBytes($0, entry.request.path) } ?? true
                && query["method"].map { sameBytes($0, entry.request.method) } ?? true
        }
        return .array(entries.map(\.json))
    }

    private static func events(_ query: Form, _ state: StandInState) -> JSON {
        let since = Int64(query["since"] ?? "0") ?? 0
        let events = state.journal.events.filter { event in
            event.number > since && query["event"].map { sameBytes($0, event.name) } ?? true
        }
        return .array(events.map(\.json))
    }

    private static func sessions(_ name: String?, _ state: StandInState) -> JSON {
        let user = name.map { state.user(named: $0)?.id ?? $0 }
        let isWanted = { (id: String?) in user.map { $0 == id } ?? (id != nil) }
        let sessions = state.sessions.all.filter { isWanted($0.userID) }.map { session -> JSON in
            let authorizations = session.authorizations.map { client, authorization -> JSON in
                [
                    "client": .string(client), "sid": .string(authorization.sid), "grant": JSON(authorization.grantID),
                    "persists_logout": .bool(authorization.persistsLogout),
                ]
            }
            return [
                "id": .string(session.id), "uid": .string(session.uid), "user": JSON(session.userID),
                "created_at": JSON(session.createdAt), "expires_at": JSON(session.expiresAt),
                "authorizations": .array(authorizations),
            ]
        }
        let grants = state.grants.all.filter { isWanted($0.userID) }.map { grant -> JSON in
            let accessTokens = state.accessTokens.all.filter { sameBytes($0.authority.grantID, grant.id) }
            let refreshTokens = state.refreshTokens.all.filter { sameBytes($0.authority.grantID, grant.id) }
            return [
                "id": .string(grant.id), "user": .string(grant.userID), "client": .string(grant.clientID),
                "scopes": JSON(grant.scopes), "expires_at": JSON(grant.expiresAt),
                "access_tokens": JSON(accessTokens.map(\.value)), "refresh_tokens": JSON(refreshTokens.map(\.value)),
            ]
        }
        return ["sessions": .array(sessions), "grants": .array(grants)]
    }

    private static func clock(_ state: StandInState) -> JSON {
        ["now": JSON(state.now), "skew_s": JSON(state.clock.skew)]
    }

    private static func keys(_ state: StandInState) -> JSON {
        [
            "current": .string(state.keys.current.id), "next": JSON(state.keys.next?.id),
            "previous": JSON(state.keys.previous?.id),
        ]
    }

    // MARK: - Changing

    /// Everything as it was at the start. The keys and the clock too, unless told to keep them.
    private static func reset(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var keepsKeys = false
        var what: [String] = []
        try members.read("keepKeys", into: &keepsKeys)
        try members.read("what", into: &what)
        for part in what {
            switch part {
            case "log", "events": state.journal = Journal()
            case "faults": state.faults = []
            case "mutations":
                state.mutations = []
                state.userInfoMutations = []
                state.callbackMutations = []
            case "sessions":
                let users = state.users.all.map(\.id)
                for id in users { state.signOut(user: id) }
                state.grants = Table()
                state.codes = Table()
                state.interactions = Table()
            default: throw ControlError(reason: "what: one of log, events, faults, mutations, sessions is expected")
            }
        }
        guard what.isEmpty else { return ["ok": true] }
        do throws(CryptographyError) {
            let keys = state.keys
            state = try StandInState(state.options, issuer: state.issuer, clock: Clock(source: state.clock.source))
            if keepsKeys { state.keys = keys }
        } catch {
            throw ControlError(reason: "no key could be made", status: 500)
        }
        return ["ok": true]
    }

    private static func rotate(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var name = "EC"
        var mode = "now"
        var grace: Int64 = 0
        try members.read("alg", into: &name)
        try members.read("mode", into: &mode)
        try members.read("graceS", into: &grace)
        guard let kind = PublishedKey.Kind(name) else {
            throw ControlError(reason: "alg: EC, RSA, P-256, P-384, P-521, Ed25519 or an algorithm of them is expected")
        }
        guard ["now", "stage", "activate"].contains(mode) else {
            throw ControlError(reason: "mode: now, stage or activate is expected")
        }
        if mode == "activate" {
            guard state.keys.activate() else { throw ControlError(reason: "no key is staged", status: 409) }
            return keys(state)
        }
        do throws(CryptographyError) {
            if mode == "now", grace == 0 {
                try state.keys.rotate(to: kind)
            } else {
                try state.keys.stage(kind, activatesAt: grace > 0 ? state.now + grace : nil)
            }
        } catch {
            throw ControlError(reason: "no key could be made", status: 500)
        }
        return keys(state)
    }

    private static func setClock(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var advance: Int64 = 0
        try members.read("skewS", into: &state.clock.skew)
        try members.read("advanceS", into: &advance)
        state.clock.skew += advance
        guard abs(state.clock.skew) <= 1_000_000_000 else {
            state.clock.skew = 0
            throw ControlError(reason: "the clock cannot be moved that far")
        }
        return clock(state)
    }
}
