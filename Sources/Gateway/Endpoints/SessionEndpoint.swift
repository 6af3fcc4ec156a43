import Access
import JSON
import NIOHTTP1
import OpenIDConnect

/// Who am I? For scripts of the application's own pages, and of those on the allow-list. No tokens.
enum SessionEndpoint {
    static func answer(_ request: EndpointRequest, on worker: Worker, _ respond: @escaping (Answer) -> Void) {
        guard request.isMethod("GET") || request.isMethod("HEAD") else {
            return respond(.methodNotAllowed("GET, HEAD"))
        }
        guard let grant = CrossOrigin(request, on: worker) else {
            let fault = Fault(.downstream, .forbidden, "a page of another origin asked who is signed in")
            return respond(.fault(fault, asPage: false, requestID: request.requestID))
        }
        let respond: (Answer) -> Void = { respond(grant.applied(to: $0)) }
        request.session(on: worker) { result in
            switch result {
            case .success(let opened?): respond(.json(Self.describe(opened.session), status: .ok))
            case .success(nil):
                respond(
                    .challenge(
                        signInURL: worker.settings.signInURL(for: request.access.authority),
                        realm: request.access.authority.text,
                        requestID: request.requestID
                    )
                )
            case .failure(let fault): respond(.fault(fault, asPage: false, requestID: request.requestID))
            }
        }
    }

    private static func describe(_ session: Session) -> JSON {
        let identity = session.identity
        let claims = session.parsedClaims
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
        return .object([
            JSONMember(name: "iss", value: .string(identity.issuer)),
            JSONMember(name: "sub", value: .string(identity.subject)),
            JSONMember(name: "email", value: text(identity.email)),
            JSONMember(name: "email_verified", value: .bool(identity.emailVerified)),
            JSONMember(name: "name", value: text(identity.name)),
            JSONMember(name: "preferred_username", value: text(identity.preferredUsername)),
            JSONMember(name: "roles", value: .array(identity.roles.map { .string($0) })),
            JSONMember(name: "organizations", value: Self.texts(claims["organizations"])),
            JSONMember(name: "organization_roles", value: Self.texts(claims["organization_roles"])),
            JSONMember(
                name: "scopes",
                value: .array((session.scope ?? "").split(separator: " ").map { .string(String($0)) })
            ),
            JSONMember(name: "is_authenticated", value: true),
            JSONMember(name: "claims", value: claims),
            JSONMember(name: "created_at", value: .number(JSONNumber(session.createdAt.seconds))),
            JSONMember(name: "expires_at", value: .number(JSONNumber(session.expiresAt.seconds))),
        ])
    }
}

extension SessionEndpoint {
    /// The texts of a list; without any when there is none.
    private static func texts(_ json: JSON?) -> JSON {
        .array((json?.arrayValue ?? []).filter { $0.stringValue != nil })
    }
}

/// Whether the page that asks may read the answer, and what tells its browser so.
private struct CrossOrigin {
    /// An origin of the allow-list; `nil` for our own, and for what is no page at all.
    private let origin: String?
    private let isConfigured: Bool

    /// `nil` for a page of any other origin.
    init?(_ request: EndpointRequest, on worker: Worker) {
        let allowed = worker.settings.configuration.session.corsOrigins
        self.isConfigured = !allowed.isEmpty
        if let origin = request.origin,
            !origin.utf8.elementsEqual(worker.settings.origin(of: request.access.authority).utf8)
        {
            guard allowed.contains(where: { $0.utf8.elementsEqual(origin.utf8) }) else { return nil }
            self.origin = origin
            return
        }
        self.origin = nil
        // What is not asked by a script has no origin: a frame, an image, a link elsewhere that leads here.
        guard let site = request.secFetchSite else { return }
        guard site.utf8.elementsEqual("same-origin".utf8) || site.utf8.elementsEqual("none".utf8) else { return nil }
    }

    func applied(to answer: Answer) -> Answer {
        var answer = answer
        if self.isConfigured { answer.fields.append(("Vary", "Origin")) }
        guard let origin else { return answer }
        answer.fields.append(("Access-Control-Allow-Origin", origin))
        answer.fields.append(("Access-Control-Allow-Credentials", "true"))
        return answer
    }
}

extension Answer {
    static func methodNotAllowed(_ allowed: String) -> Self {
        var answer = Answer.problem(.methodNotAllowed, "This address takes \(allowed)")
        answer.fields.append(("Allow", allowed))
        return answer
    }
}
