import Access
import Gateway

/// The attacker without a session: other spellings of a path, other methods, fields that name another path.
extension Examination {
    /// Of so many protected routes each.
    private static let routesTried = 3

    mutating func examinePaths() async {
        let open = self.openPaths
        var tried = 0
        for (index, path, isRoot) in self.protectedPaths.prefix(Self.routesTried) {
            var passed: [String] = []
            // In other letters it is another path: a hole only where that is protected, too.
            let respelt = PathGames.respelt(path).prefix(1).filter { self.route(of: $0)?.policy.access == .signedIn }
            let games = PathGames.games(path: path, open: open, origin: self.front.origin, coversSuffixes: isRoot)
            for game in games + respelt.map({ PathGames.Game($0) }) {
                var request = self.request(game.target)
                request.method = game.method
                tried += 1
                let sent = "\(game.method) \(game.target)"
                if let status = self.passing(await self.ask(request), sent) { passed.append("\(sent) (\(status))") }
            }
            guard !passed.isEmpty else { continue }
            self.report.add(
                Finding(
                    .critical,
                    "A protected path is reached by another spelling or method",
                    seen: "without a cookie, for \(path): " + passed.joined(separator: ", "),
                    change: "in the front: pass the target on as it came, and let no location, ending or method by "
                        + "without the gateway; \(self.places.place(ofRoute: index, "access"))"
                )
            )
        }
        if tried > 0 { self.report.isGood("\(tried) spellings and methods were asked for \(self.protectedList)") }
    }

    mutating func examineDiversions() async {
        guard let open = self.openPaths.first else { return }
        for (index, path, _) in self.protectedPaths.prefix(Self.routesTried) {
            var games = FieldGames.diversions(to: open, elsewhere: Self.elsewhere).map { field in
                (self.request(path, fields: [field]), "\(field.name): \(field.value)")
            }
            for name in FieldGames.droppable {
                var request = self.request(path)
                request.connection = "close, \(name)"
                games.append((request, "Connection: \(request.connection)"))
            }
            let forged = FieldGames.identityNames.map { ($0, Self.marker()) }
            games.append((self.request(path, fields: forged), "\(forged.count) forged identity fields"))
            var passed: [String] = []
            for (request, sent) in games {
                let outcome = await self.ask(request)
                if let status = self.passing(outcome, "GET \(path) with \(sent)") {
                    passed.append("\(sent) (\(status))")
                }
            }
            guard !passed.isEmpty else { continue }
            self.report.add(
                Finding(
                    .critical,
                    "A header field of the browser's opens a protected path",
                    seen: "GET \(path) without a cookie, and with one of these each: " + passed.joined(separator: "; "),
                    change: "in the front: remove these fields from every request before anything reads them; "
                        + self.places.place(ofRoute: index, "access")
                )
            )
        }
        await self.examineForeignHosts()
    }

    /// Where a sign-in leads must not follow from what a browser claims.
    private mutating func examineForeignHosts() async {
        guard let path = self.protectedPaths.first?.path else { return }
        let claims: [FieldGames.Field] = [
            ("X-Forwarded-Host", Self.elsewhere), ("X-Original-URL", "https://\(Self.elsewhere)/"),
            ("Forwarded", "host=\(Self.elsewhere)"), ("X-Forwarded-Server", Self.elsewhere),
            ("Origin", "https://\(Self.elsewhere)"),
        ]
        for claim in claims {
            var request = self.request(path, fields: [claim])
            request.isNavigation = true
            self.judgeForeignHost(await self.ask(request), "\(claim.name): \(claim.value)")
        }
        var request = self.request(path)
        request.host = Self.elsewhere
        request.isNavigation = true
        self.judgeForeignHost(await self.ask(request), "Host: \(Self.elsewhere)")
    }

    private mutating func judgeForeignHost(_ outcome: WireOutcome, _ sent: String) {
        guard let answer = outcome.answer, (300..<400).contains(answer.status),
            let location = answer.first("location")
        else { return }
        // A front that redirects a foreign name to itself over https says nothing of a sign-in.
        let uri = Self.redirectURI(in: location)
        guard (uri ?? "").contains(Self.elsewhere) else { return }
        self.report.add(
            Finding(
                .critical,
                "A browser's own word decides where a sign-in comes back to",
                seen: "a request with \(sent) leads to a sign-in with redirect_uri=\(uri ?? "")",
                change: "in the front: set Host and X-Forwarded-Host itself, from a fixed name; "
                    + self.places.place("server", "public_url")
            )
        )
    }

    // MARK: - Paths

    /// What anyone may ask for: the open routes, our own endpoints, the witness.
    var openPaths: [String] {
        let open = self.routes(.anyone, .optional).map { $0.route.path }.filter { !$0.isExactly("/") }
        return Array(([self.configuration.paths.prefix + "/signed-out"] + open).prefix(3))
    }

    private var protectedList: String {
        self.protectedPaths.prefix(Self.routesTried).map(\.path).joined(separator: ", ")
    }
}
