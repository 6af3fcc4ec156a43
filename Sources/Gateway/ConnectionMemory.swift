import Access
import OpenIDConnect

/// What a browser says again and again on its connection, and what we made of it: comparing bytes costs a fraction of
/// reading them anew. What a ticket is worth is the store's business, each time.
///
/// A class whose parts are only ever replaced, so that no use of one has to be checked against a change of another.
final class ConnectionMemory {
    private var host: [UInt8] = []
    private var authority: Authority?
    /// The host that a front proxy has asked about.
    var asked: NamedHost?
    /// Whose routes were looked for, and what was found.
    private var routed: Authority?
    private var routes: HostRoutes?
    /// The values of all `Cookie` fields, a line feed behind each.
    private var cookies: [UInt8] = []
    private(set) var tickets: [Ticket] = []
    /// The cookies that are not ours, as the line that an upstream gets; empty when there are none.
    private(set) var cookieLine: [UInt8] = []
    /// The same in one line, however many there were.
    private(set) var singleCookieLine: [UInt8] = []

    /// The last token that was accepted here.
    private var bearer: Bearer?

    private struct Bearer {
        /// The whole value of `Authorization`.
        let field: [UInt8]
        let route: Route
        let session: OpenedSession
        /// When the token has to be judged anew.
        let until: Instant
    }

    /// The host a request names.
    func authority(of head: RequestHead, scheme: Scheme) throws(RequestRefusal) -> Authority {
        let known = self.host
        var isSame = false
        head.forEach(.host) { isSame = equal($0, known.span) }
        if isSame, let authority = self.authority { return authority }
        let text = head.host ?? ""
        let authority = try Authority(text, scheme: scheme)
        self.host = Array(text.utf8)
        self.authority = authority
        return authority
    }

    /// The routes of a host; `nil` for one that we do not serve.
    ///
    /// - Parameter settings: those of the connection's worker, always: whoever goes over to another forgets all of this.
    func routes(of authority: Authority, in settings: Settings) -> HostRoutes? {
        if let routed = self.routed, routed.text.isExactly(authority.text) { return self.routes }
        self.routed = authority
        self.routes = settings.routes(of: authority)
        return self.routes
    }

    /// Looks at the request's cookies. Afterwards `tickets` and `cookieLine` are theirs.
    func readCookies(of head: RequestHead, on worker: Worker) {
        guard !self.isSame(head) else { return }
        let headers = head.cookies
        self.cookies = headers.flatMap { Array($0.utf8) + [0x0A] }
        self.tickets = worker.tickets(in: headers)
        let names = worker.settings.cookieNames
        let others = headers.compactMap { CookieHeader.removing(ours: { names.isOurs($0) }, from: $0) }
        self.cookieLine = others.flatMap { Array("Cookie: \($0)\r\n".utf8) }
        self.singleCookieLine = others.count > 1 ? names.othersAsLine(in: headers) : self.cookieLine
    }

    /// The session of the request's token, when it is the one of before, for the same route, and still good.
    func session(ofTokenIn head: RequestHead, for route: Route, now: Instant) -> OpenedSession? {
        guard let bearer = self.bearer, bearer.route === route, now < bearer.until else { return nil }
        var count = 0
        var isSame = false
        head.forEach(.authorization) { value in
            count += 1
            isSame = equal(value, bearer.field.span)
        }
        return count == 1 && isSame ? bearer.session : nil
    }

    func keep(_ session: OpenedSession, ofTokenIn head: RequestHead, for route: Route, until: Instant) {
        guard let field = head.all(.authorization).first else { return }
        self.bearer = Bearer(field: Array(field.utf8), route: route, session: session, until: until)
    }

    private func isSame(_ head: RequestHead) -> Bool {
        let cookies = self.cookies
        let known = cookies.span
        var position = 0
        var isSame = true
        head.forEach(.cookie) { value in
            let end = position + value.count
            isSame =
                isSame && end < known.count && known[end] == 0x0A && equal(value, known.extracting(position..<end))
            position = end + 1
        }
        return isSame && position == known.count
    }
}

@available(*, unavailable)
extension ConnectionMemory: Sendable {}
