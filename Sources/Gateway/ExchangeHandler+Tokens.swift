import Access
import NIOHTTP1

/// Tokens for upstreams: obtained before the request goes on.
extension ExchangeHandler {
    /// Goes on once the route's token is there, at once when it needs none.
    func obtainToken(for permit: Permit, then proceed: @escaping () -> Void) {
        guard let token = permit.route.token, permit.session != nil, let opened = self.current.session else {
            return proceed()
        }
        let wanted: UpstreamToken
        do {
            wanted = try self.resolved(token, for: permit.target, opened)
        } catch {
            return self.fail(error)
        }
        let number = self.current.number
        UpstreamTokens(worker: self.party).token(wanted, of: opened) { result in
            guard self.isStill(number) else { return }
            switch result {
            case .success(let token):
                self.current.authorization = Array("Authorization: Bearer \(token.text)\r\n".utf8)
                proceed()
            case .failure(let fault): self.fail(fault)
            }
        }
    }

    /// With the organization that the request names, when that is the request's business: one of the user's.
    private func resolved(
        _ wanted: UpstreamToken,
        for target: RequestTarget,
        _ opened: OpenedSession
    ) throws(Fault) -> UpstreamToken {
        guard case .obtained(let resource, let organization?) = wanted else { return wanted }
        let named: String?
        switch organization {
        case .fixed, .only: return wanted
        case .segment(let place): named = target.segment(place)
        case .field(let name):
            let values = self.head.values(named: name)
            guard values.count <= 1 else { throw .malformed("the organization is named twice") }
            named = values.first
        }
        guard let named, !named.isEmpty else {
            throw Fault(.downstream, .forbidden, "the request names no organization")
        }
        guard opened.organizations.contains(where: { $0.utf8.elementsEqual(named.utf8) }) else {
            throw Fault(.downstream, .forbidden, "the request names an organization that the user is not in")
        }
        return .obtained(resource: resource, organization: .fixed(named))
    }
}
