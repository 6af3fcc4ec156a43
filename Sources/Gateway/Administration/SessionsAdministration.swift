import Access
import Cryptography
import JSON
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// Sessions for the operator, on the admin listener: who is signed in, and out with them. No token and nothing that opens
/// a session ever leaves here.
struct SessionsAdministration: Sendable {
    typealias Report = StatusEndpoint.Report

    private let workers: WorkerTable
    private let site: CurrentSite

    /// A list is cut off here.
    private static let longestList = 10_000

    init(workers: WorkerTable, site: CurrentSite) {
        self.workers = workers
        self.site = site
    }

    /// Whether this path is answered here.
    static func owns(_ path: String) -> Bool {
        path == "/sessions" || path == "/sessions/revoke"
    }

    func report(_ method: HTTPMethod, _ path: String, query: String, authorization: String?) async -> Report {
        guard let token = self.site.value.settings.configuration.admin.token else {
            return .problem(.forbidden, "admin.token is not set: nobody may administer sessions")
        }
        guard Self.proves(authorization, token) else {
            return .problem(.unauthorized, "the admin token is needed", [("WWW-Authenticate", "Bearer")])
        }
        guard let selector = FormEncoding.decode(Array(query.utf8)).flatMap({ SessionSelector(query: $0) }) else {
            return .problem(.badRequest, "exactly one of session=, user=, sid= and all=true is needed")
        }
        do {
            switch (method, path) {
            case (.GET, "/sessions"): return .sessions(try await self.list(selector), limit: Self.longestList)
            case (.POST, "/sessions/revoke"):
                let count = try await self.revoke(selector)
                return .json(["ended": .number(JSONNumber(Int64(count)))])
            default:
                let allowed = path == "/sessions" ? "GET" : "POST"
                return .problem(.methodNotAllowed, "\(allowed) is needed", [("Allow", allowed)])
            }
        } catch {
            return .problem(.serviceUnavailable, (error as? Fault)?.reason ?? "the session store failed")
        }
    }

    /// Equal digests: how long a comparison takes tells nothing of the token's length either.
    private static func proves(_ authorization: String?, _ token: Secret) -> Bool {
        let prefix = "Bearer "
        guard let authorization, authorization.hasPrefix(prefix) else { return false }
        let given = Digest.sha256(Array(authorization.utf8.dropFirst(prefix.utf8.count)))
        return constantTimeEqual(given, token.withBytes { Digest.sha256($0) })
    }

    private var issuers: [String] {
        self.site.value.settings.providers.map(\.issuer).reduce(into: []) { issuers, issuer in
            if !issuers.contains(where: { $0.utf8.elementsEqual(issuer.utf8) }) { issuers.append(issuer) }
        }
    }

    private func list(_ selector: SessionSelector) async throws -> [JSON] {
        if case .session(let key) = selector {
            return try await self.workers.ask { worker, promise in
                worker.sessions.find(key) { promise.completeWith($0.map { $0.map { [$0.json] } ?? [] }.erased) }
            }
        }
        var found: [JSON] = []
        for index in selector.indexes(issuers: self.issuers) {
            let part: [JSON] = try await self.workers.ask { worker, promise in
                worker.sessions.list(index) { promise.completeWith($0.map { $0.map(\.json) }.erased) }
            }
            found += part
            if found.count > Self.longestList { break }
        }
        return found
    }

    private func revoke(_ selector: SessionSelector) async throws -> Int {
        if case .session(let key) = selector {
            return try await self.workers.ask { worker, promise in
                worker.sessions.end(key) { result in
                    if case .success(let ended?) = result { worker.auditEnded([ended], because: "administration") }
                    promise.completeWith(result.map { $0 == nil ? 0 : 1 }.erased)
                }
            }
        }
        var count = 0
        var failure: (any Error)?
        for index in selector.indexes(issuers: self.issuers) {
            do {
                let ended: Int = try await self.workers.ask { worker, promise in
                    worker.sessions.endAll(in: index) { result in
                        if case .success(let ended) = result { worker.auditEnded(ended, because: "administration") }
                        promise.completeWith(result.map(\.count).erased)
                    }
                }
                count += ended
            } catch {
                // A store that is full fails for each set, and lets go of its sessions all the same.
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return count
    }
}

extension Result where Failure == Fault {
    fileprivate var erased: Result<Success, any Error> { self.mapError { $0 as any Error } }
}

extension StatusEndpoint.Report {
    fileprivate static func json(_ value: JSON, _ status: HTTPResponseStatus = .ok) -> Self {
        Self(status, String(decoding: value.bytes, as: UTF8.self) + "\n", contentType: "application/json")
    }

    fileprivate static func problem(
        _ status: HTTPResponseStatus,
        _ title: String,
        _ fields: [(name: String, value: String)] = []
    ) -> Self {
        let body: JSON = [
            "type": "about:blank", "title": .string(title), "status": .number(JSONNumber(Int64(status.code))),
        ]
        var report = Self.json(body, status)
        report.contentType = "application/problem+json"
        report.fields = fields
        return report
    }

    fileprivate static func sessions(_ found: [JSON], limit: Int) -> Self {
        .json(["sessions": .array(Array(found.prefix(limit))), "truncated": .bool(found.count > limit)])
    }
}

extension ListedSession {
    fileprivate var json: JSON {
        func time(_ instant: Instant?) -> JSON {
            instant.map { .string(Timestamp(seconds: $0.seconds, milliseconds: 0).text) } ?? .null
        }
        func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
        return .object([
            JSONMember(name: "session", value: .string(self.key.hex)),
            JSONMember(name: "user", value: text(self.summary?.subject)),
            JSONMember(name: "name", value: text(self.summary?.name)),
            JSONMember(name: "email", value: text(self.summary?.email)),
            JSONMember(name: "sid", value: text(self.summary?.providerSessionID)),
            JSONMember(name: "host", value: text(self.summary.map { Authority.host(in: $0.authority) })),
            JSONMember(name: "signed_in_at", value: time(self.summary?.createdAt)),
            JSONMember(name: "refreshed_at", value: time(self.summary?.refreshedAt)),
            JSONMember(name: "expires_at", value: time(self.summary?.expiresAt)),
            JSONMember(name: "idle_seconds_left", value: .number(JSONNumber(self.idleRemaining.components.seconds))),
            JSONMember(name: "refreshable", value: self.summary.map { .bool($0.isRefreshable) } ?? .null),
        ])
    }
}
