import Access
import OpenIDConnect

/// What an endpoint of ours is asked.
struct EndpointRequest {
    let access: AccessRequest
    let requestID: String
    /// The `Cookie` fields.
    let cookies: [String]
    /// The tickets among them. Believed only once a store knows them.
    let tickets: [Ticket]
    let acceptLanguage: String?
    /// Empty where the endpoint takes none.
    let body: [UInt8]
    let origin: String?
    let secFetchSite: String?

    /// The query's parameters by name; the first of each. Empty when it cannot be read.
    var parameters: [(name: [UInt8], value: [UInt8])] {
        FormEncoding.decode(Array(self.access.target.query ?? ""[...].utf8))?.map { ($0.name, $0.value) } ?? []
    }

    func parameter(_ name: String) -> [UInt8]? {
        self.parameters.first { $0.name.elementsEqual(name.utf8) }?.value
    }

    var method: String { self.access.method }

    func isMethod(_ method: String) -> Bool {
        self.access.method.utf8.elementsEqual(method.utf8)
    }

    /// Whether a page of our own origin has sent this (security rule 23): the browser says so, in fields that no page can
    /// set. Nothing said is no evidence.
    func isSameOrigin(as ourOrigin: String) -> Bool {
        let saysSameOrigin = self.secFetchSite?.utf8.elementsEqual("same-origin".utf8)
        guard let origin else { return saysSameOrigin ?? false }
        // A page that sends no referrer posts with the origin "null", and so do hostile ones: it proves nothing.
        if origin.utf8.elementsEqual("null".utf8) { return saysSameOrigin ?? false }
        return origin.utf8.elementsEqual(ourOrigin.utf8) && saysSameOrigin ?? true
    }
}

extension Worker {
    /// More cookies of our name than this are somebody's game.
    private static let ticketLimit = 16

    /// The tickets in a request's `Cookie` fields: all of them, for a stale one must not shadow a good one.
    func tickets(in cookies: [String]) -> [Ticket] {
        var tickets: [Ticket] = []
        for header in cookies {
            for value in CookieHeader.values(named: self.settings.cookieNames.ticketBytes, in: header) {
                guard tickets.count < Self.ticketLimit, let ticket = Ticket(cookieValue: value) else { continue }
                tickets.append(ticket)
            }
        }
        return tickets
    }

    /// The ticket cookie; without a ticket, the one that removes it: same name, same attributes.
    func ticketCookie(_ ticket: Ticket?) -> SetCookie {
        SetCookie(
            name: self.settings.cookieNames.ticket,
            value: ticket?.cookieValue ?? "",
            maxAge: ticket == nil ? 0 : nil,
            sameSite: self.settings.configuration.cookie.sameSite,
            secure: self.settings.cookiesAreSecure
        )
    }
}
