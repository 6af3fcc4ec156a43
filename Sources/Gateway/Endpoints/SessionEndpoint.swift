import Access
import JSON
import NIOHTTP1
import OpenIDConnect

/// Who am I? For scripts of the application's own pages. No tokens.
enum SessionEndpoint {
    static func answer(_ request: EndpointRequest, on worker: Worker, _ respond: @escaping (Answer) -> Void) {
        guard request.isMethod("GET") || request.isMethod("HEAD") else {
            return respond(.methodNotAllowed("GET, HEAD"))
        }
        worker.sessions.load(request.tickets, for: request.access.authority) { result in
            switch result {
            case .success(let opened?): respond(.json(Self.describe(opened.session), status: .ok))
            case .success(nil):
                let origin = worker.settings.origin(of: request.access.authority)
                respond(
                    .challenge(
                        signInURL: origin + worker.settings.configuration.paths.signIn,
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
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
        return .object([
            JSONMember(name: "iss", value: .string(identity.issuer)),
            JSONMember(name: "sub", value: .string(identity.subject)),
            JSONMember(name: "email", value: text(identity.email)),
            JSONMember(name: "email_verified", value: .bool(identity.emailVerified)),
            JSONMember(name: "name", value: text(identity.name)),
            JSONMember(name: "preferred_username", value: text(identity.preferredUsername)),
            JSONMember(name: "roles", value: .array(identity.roles.map { .string($0) })),
            JSONMember(name: "created_at", value: .number(JSONNumber(session.createdAt.seconds))),
            JSONMember(name: "expires_at", value: .number(JSONNumber(session.expiresAt.seconds))),
        ])
    }
}

extension Answer {
    static func methodNotAllowed(_ allowed: String) -> Self {
        var answer = Answer.problem(.methodNotAllowed, "This address takes \(allowed)")
        answer.fields.append(("Allow", allowed))
        return answer
    }
}
