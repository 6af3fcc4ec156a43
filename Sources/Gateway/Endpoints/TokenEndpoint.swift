import Access
import JSON
import NIOHTTP1

/// An access token for a script of our own pages, as the SDKs' `getAccessToken` and `getOrganizationToken` give it to an
/// application. Not there unless the configuration names what it gives out.
enum TokenEndpoint {
    static func answer(_ request: EndpointRequest, on worker: Worker, _ respond: @escaping (Answer) -> Void) {
        guard request.isMethod("GET") else { return respond(.methodNotAllowed("GET")) }
        // A token leaves the session here, so only a browser's word counts that the page is ours (security rule 23).
        guard request.isSameOrigin(as: worker.settings.origin(of: request.access.authority)) else {
            let fault = Fault(.downstream, .forbidden, "a token was asked for by somebody else than a page of ours")
            return respond(.fault(fault, asPage: false, requestID: request.requestID))
        }
        let question: Question
        do {
            question = try Question(request, worker.settings.configuration.session.tokens)
        } catch {
            return respond(.fault(error, asPage: false, requestID: request.requestID))
        }
        request.session(on: worker) { result in
            switch result {
            case .success(let opened?): Self.give(question, of: opened, to: request, on: worker, respond)
            case .success(nil): respond(Self.challenge(request, on: worker))
            case .failure(let fault): respond(.fault(fault, asPage: false, requestID: request.requestID))
            }
        }
    }

    /// Which token is asked for.
    private struct Question {
        let resource: String?
        let organization: String?

        /// Throws what is wrong with it. What the configuration does not name is refused before the provider hears of it.
        init(_ request: EndpointRequest, _ tokens: Configuration.PageTokens) throws(Fault) {
            self.resource = try Self.one("resource", of: request)
            self.organization = try Self.one("organization_id", of: request)
            guard self.resource != nil || self.organization != nil else {
                throw .malformed("neither resource nor organization_id says which token is asked for")
            }
            if let resource, !tokens.resources.contains(where: { $0.utf8.elementsEqual(resource.utf8) }) {
                throw Fault(.downstream, .forbidden, "a token was asked for that session.token_resources does not name")
            }
            if self.organization != nil, !tokens.forOrganizations {
                throw Fault(.downstream, .forbidden, "session.organization_tokens does not allow tokens")
            }
        }

        private static func one(_ name: String, of request: EndpointRequest) throws(Fault) -> String? {
            let values = request.parameters.filter { $0.name.elementsEqual(name.utf8) }
            guard values.count <= 1 else { throw .malformed("a parameter is there twice") }
            guard let value = values.first?.value, !value.isEmpty else { return nil }
            guard let text = String(validating: value, as: UTF8.self) else {
                throw .malformed("a parameter is no text")
            }
            return text
        }
    }

    private static func give(
        _ question: Question,
        of opened: OpenedSession,
        to request: EndpointRequest,
        on worker: Worker,
        _ respond: @escaping (Answer) -> Void
    ) {
        if let organization = question.organization,
            !opened.organizations.contains(where: { $0.utf8.elementsEqual(organization.utf8) })
        {
            let fault = Fault(.downstream, .forbidden, "a token was asked for an organization that the user is not in")
            return respond(.fault(fault, asPage: false, requestID: request.requestID))
        }
        let wanted = UpstreamToken.obtained(
            resource: question.resource,
            organization: question.organization.map { .fixed($0) }
        )
        UpstreamTokens(worker: worker).token(wanted, of: opened) { result in
            switch result {
            case .success(let token):
                var members = [
                    JSONMember(name: "access_token", value: .string(token.text)),
                    JSONMember(name: "token_type", value: "Bearer"),
                ]
                if let lifetime = token.lifetime {
                    let seconds = JSONNumber(lifetime.components.seconds)
                    members.append(JSONMember(name: "expires_in", value: .number(seconds)))
                }
                respond(.json(.object(members), status: .ok))
            case .failure(let fault) where fault.status == .unauthorized: respond(Self.challenge(request, on: worker))
            case .failure(let fault):
                respond(.fault(fault, asPage: false, requestID: request.requestID))
            }
        }
    }

    private static func challenge(_ request: EndpointRequest, on worker: Worker) -> Answer {
        .challenge(
            signInURL: worker.settings.signInURL(for: request.access.authority),
            realm: request.access.authority.text,
            requestID: request.requestID
        )
    }
}
