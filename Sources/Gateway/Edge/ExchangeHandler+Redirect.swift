import Access
import NIOHTTP1

/// The listener that only says where the other one is.
extension ExchangeHandler {
    /// The same URL at https, for hosts we answer for: anywhere else would be an open redirect.
    func redirectToTLS(_ access: AccessRequest) {
        self.exchange.lastExchange()
        guard let authority = self.worker.settings.secureAuthority(ofHost: access.authority.host) else {
            return self.fail(.unknownHost)
        }
        // 308 keeps the method: a form that was posted here must not become a GET that lost it.
        let isRead = access.method == "GET" || access.method == "HEAD"
        self.answer(
            .redirect(
                isRead ? .movedPermanently : .permanentRedirect,
                to: "https://\(authority.text)\(access.target.text)"
            )
        )
    }
}
