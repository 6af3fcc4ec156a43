import Access
import Gateway
import OpenIDConnect

/// The newcomer: somebody without a session follows a link.
extension Examination {
    /// - Returns: whether the gateway answers there, so that going on makes sense.
    mutating func examineFrontDoor() async -> Bool {
        guard self.frontIsConfigured() else { return false }
        guard await self.endpointsAnswer() else { return false }
        await self.pagesChallenge()
        return true
    }

    /// Whether the address is one the gateway has routes for.
    private mutating func frontIsConfigured() -> Bool {
        let publicURL = self.configuration.server.publicURL
        let hosts = [publicURL.authority] + self.configuration.routes.map(\.authority)
        let isKnown = hosts.contains(self.front.authority)
        guard isKnown, publicURL.scheme == self.front.scheme else {
            self.report.add(
                Finding(
                    .critical,
                    "public_url is not what browsers use: cookies and redirect URIs cannot fit",
                    seen: "the doctor was sent to \(self.front.origin), the configuration says \(self.publicOrigin)",
                    change: self.places.place("server", "public_url") + ": \"\(self.front.origin)\", and register "
                        + "\(self.front.origin)\(self.configuration.paths.callback) with the provider"
                )
            )
            return isKnown
        }
        return true
    }

    /// Our own endpoints must come to us through the front, whatever else it does.
    private mutating func endpointsAnswer() async -> Bool {
        let paths = self.configuration.paths
        let outcome = await self.ask(self.request(paths.session))
        let seen: String
        switch outcome {
        case .answer(let answer) where answer.status == 401 && answer.isGatehouses: return true
        case .answer(let answer) where answer.status == 421 && answer.isGatehouses:
            self.report.add(
                Finding(
                    .critical,
                    "The front does not pass the browser's Host on",
                    seen:
                        "GET \(paths.session) was answered with 421: the gateway was asked for a host it has no route for",
                    change: "in the front: send Host as it came (nginx: proxy_set_header Host $http_host); or "
                        + self.places.place("server", "public_url")
                )
            )
            return false
        case .answer(let answer): seen = "\(answer.status)" + (answer.first("location").map { " to \($0)" } ?? "")
        case .closed: seen = "a closed connection"
        case .timeout: seen = "nothing in time"
        case .unreachable(let reason): seen = reason
        }
        self.report.add(
            Finding(
                .critical,
                "The gateway's own endpoints are not reached through the front",
                seen: "GET \(self.front.origin)\(paths.session) gave \(seen), where the gateway answers 401",
                change:
                    "in the front: pass \(paths.prefix)/ to the gateway; or \(self.places.place("server", "listen")), "
                    + self.places.place("paths", "prefix")
            )
        )
        return false
    }

    /// A page that needs a sign-in leads to one, with a redirect URI and cookies that will work.
    private mutating func pagesChallenge() async {
        let paths = self.protectedPaths
        guard !paths.isEmpty else {
            return self.report.cannotSee("anything protected: no route of this host has access = \"signed-in\"")
        }
        for (index, path, _) in paths {
            var request = self.request(path)
            request.isNavigation = true
            let outcome = await self.ask(request)
            switch self.verdict(outcome) {
            case .passed(let status):
                self.report.add(
                    Finding(
                        .critical,
                        "A protected path is open: it is answered without a sign-in",
                        seen: "GET \(path) without a cookie was answered with \(status)",
                        change: "in the front: pass every path to the gateway, or ask it about every path; "
                            + self.places.place(ofRoute: index, "access")
                    )
                )
            case .redirected(let location):
                self.report.add(
                    Finding(
                        .warning,
                        "A page redirects to somewhere that is not the sign-in",
                        seen: "GET \(path) leads to \(location)",
                        change: "ask the doctor about the address where the redirect leads; or "
                            + self.places.place("server", "public_url")
                    )
                )
            case .unclear(let reason):
                self.report.cannotSee("whether \(path) is protected: GET gave \(reason)")
            case .refused:
                self.report.cannotSee("whether \(path) is protected: GET was refused")
            case .stopped:
                if let answer = outcome.answer { await self.followChallenge(answer, path) }
            }
        }
    }

    /// A front that asks the gateway about each request leads to our own address first, and that leads to the provider.
    private mutating func followChallenge(_ answer: WireAnswer, _ path: String) async {
        let location = answer.first("location") ?? ""
        let local =
            location.utf8.starts(with: self.front.origin.utf8)
            ? String(location.dropFirst(self.front.origin.count)) : location
        guard local.utf8.starts(with: self.configuration.paths.signIn.utf8) else {
            return self.judgeChallenge(answer, path)
        }
        var request = self.request(local)
        request.isNavigation = true
        if let next = await self.ask(request).answer { self.judgeChallenge(next, path) }
    }

    private mutating func judgeChallenge(_ answer: WireAnswer, _ path: String) {
        let location = answer.first("location") ?? ""
        guard (300..<400).contains(answer.status), let uri = Self.redirectURI(in: location) else {
            return self.report.cannotSee(
                "where a sign-in from \(path) leads: it was answered with \(answer.status), not with a redirect to the provider"
            )
        }
        let expected = self.front.origin + self.configuration.paths.callback
        if uri.isExactly(expected) {
            self.report.isGood("a sign-in from \(path) leads to the provider and back to \(uri)")
        } else {
            self.report.add(
                Finding(
                    .critical,
                    "The provider would send browsers back to another address than they came from",
                    seen: "redirect_uri=\(uri), where \(expected) fits",
                    change: self.places.place("server", "public_url") + ": \"\(self.front.origin)\""
                )
            )
        }
        self.judgeCookies(answer)
        if answer.first("cache-control")?.utf8.elementsEqual("no-store".utf8) != true {
            self.report.add(
                Finding(
                    .warning,
                    "The front changes the caching rules of a redirect to the provider",
                    seen:
                        "Cache-Control: \(answer.first("cache-control") ?? "nothing"), where the gateway says no-store",
                    change: "in the front: leave Cache-Control as it is"
                )
            )
        }
    }

    static func redirectURI(in location: String) -> String? {
        guard let mark = location.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        let fields = FormEncoding.decode(Array(location.utf8[location.utf8.index(after: mark)...]))
        return fields?.first { $0.name.elementsEqual("redirect_uri".utf8) }.map {
            String(decoding: $0.value, as: UTF8.self)
        }
    }

    /// The cookie of the sign-in must come back, to this host alone, and to no script.
    private mutating func judgeCookies(_ answer: WireAnswer) {
        let isTLS = self.front.scheme == .https
        let names = CookieNames(name: self.configuration.cookie.name, secure: isTLS, domain: nil)
        let ours = answer.all("set-cookie").filter { SetCookie.isOurs(setCookieField: $0, names: names) }
        guard !ours.isEmpty else {
            self.report.add(
                Finding(
                    .warning,
                    "The cookie that remembers a sign-in does not reach the browser",
                    seen: "the redirect to the provider has no Set-Cookie of ours",
                    change: "in the front: pass Set-Cookie on"
                )
            )
            return
        }
        for cookie in ours {
            let problem = CookieProblem(cookie, isTLS: isTLS)
            guard let problem else { continue }
            self.report.add(
                Finding(
                    .warning,
                    "A cookie does not fit the address: \(problem.title)",
                    seen: "Set-Cookie: \(Self.withoutValue(cookie))",
                    change: problem.isOfTheFront
                        ? "in the front: leave Set-Cookie as it is (no proxy_cookie_*, no header rewriting)"
                        : self.places.place("server", "public_url") + ": \"\(self.front.origin)\""
                )
            )
        }
    }

    /// Name and attributes; values are nobody's business.
    static func withoutValue(_ cookie: String) -> String {
        let parts = cookie.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].prefix { $0 != "=" }
        return "\(name)=…" + (parts.count > 1 ? ";\(parts[1])" : "")
    }
}
