import Access
import NIOHTTP1

/// Tokens for upstreams: obtained before the request goes on.
extension ExchangeHandler {
    /// Goes on once the route's token is there, at once when it needs none.
    func obtainToken(for permit: Permit, then proceed: @escaping () -> Void) {
        guard let wanted = permit.route.token, permit.session != nil, let opened = self.current.session else {
            return proceed()
        }
        let number = self.current.number
        opened.upstreamTokens.token(wanted, of: opened, on: self.worker) { result in
            guard self.isStill(number) else { return }
            switch result {
            case .success(let token):
                self.current.authorization = Array("Authorization: Bearer \(token)\r\n".utf8)
                proceed()
            case .failure(.fault(let fault)): self.fail(fault)
            case .failure(.refused(let detail)):
                self.fail(Fault(.provider, .forbidden, "there is no token for the route's upstream", detail: detail))
            case .failure(.signInAgain):
                let detail = "the refresh token is gone"
                self.fail(
                    Fault(.downstream, .unauthorized, "there is no token for the route's upstream", detail: detail)
                )
            }
        }
    }
}
