import Access
import Gateway

/// The forger: identity fields in every spelling, to where no sign-in is asked for. What reaches the application can only
/// be told where something shows it: the witness, or an open page that prints what it was told.
extension Examination {
    mutating func examineIdentity() async {
        let places = self.openPlaces
        if self.witness == nil {
            self.report.cannotSee(
                "whether forged identity fields reach an application: there is no witness. Add a route with "
                    + "access = \"anyone\" and the doctor's own address as upstream, and name that with --witness"
            )
            if places.isEmpty { return }
        }
        for (path, setting) in places {
            let arrived = await self.forge(at: path)
            guard !arrived.isEmpty else { continue }
            self.report.add(
                Finding(
                    .critical,
                    "Anybody can name an identity: forged fields reach the application",
                    seen: "sent to \(path) and arrived, " + arrived.joined(separator: "; "),
                    change: "let no way lead to the application but through the gateway; where the front talks to the "
                        + "application itself, remove these fields there, in every spelling; \(setting)"
                )
            )
        }
        await self.witnessOrdinaryRequest()
    }

    /// Every open route, and the witness' own path.
    private var openPlaces: [(path: String, setting: String)] {
        var found = self.routes(.anyone, .optional).prefix(2).map { index, route in
            (route.path, self.places.place(ofRoute: index, "upstream"))
        }
        if let witness, !found.contains(where: { $0.0.isExactly(witness.path) }) {
            found.append((witness.path, "the route of the witness, \(witness.path)"))
        }
        return found
    }

    /// The names of the forged fields that were seen to arrive, for each spelling of which one was.
    mutating func forge(at path: String, cookies: String? = nil) async -> [String] {
        var arrived: [String] = []
        for spelling in FieldGames.spellings {
            let names = await self.forge(spelling, at: path, cookies: cookies)
            if !names.isEmpty { arrived.append("\(spelling.title): \(names.joined(separator: ", "))") }
        }
        return arrived
    }

    private mutating func forge(
        _ spelling: FieldGames.Spelling,
        at path: String,
        cookies: String?
    ) async -> [String] {
        let forged = self.identityNames.map { (name: $0, value: Self.marker()) }
        let known = cookies.map { [(name: "Cookie", value: $0)] } ?? []
        var request = self.request(path, fields: known + forged.flatMap(spelling.spell))
        if spelling.isNamedInConnection {
            request.connection = "close, " + forged.map(\.name).joined(separator: ", ")
        }
        let outcome = await self.ask(request)
        return forged.filter { field in
            let head = self.witness?.witness.head(with: field.value)
            let isShown = !spelling.isHidden && outcome.answer?.shows(field.value) ?? false
            return head?.says(field.value, under: field.name) ?? isShown
        }.map(\.name)
    }

    /// The usual ones, and those that this configuration sets, with hyphens too.
    private var identityNames: [String] {
        var names = FieldGames.identityNames
        let configured = self.configuration.routes.flatMap { $0.headers?.fields.map(\.name) ?? [] }
        for name in configured.flatMap({ [$0, $0.replacing("_", with: "-")] })
        where !names.contains(where: { $0.lowercased().isExactly(name.lowercased()) }) {
            names.append(name)
        }
        return Array(names.prefix(60))
    }

    /// What an application learns of an honest request.
    private mutating func witnessOrdinaryRequest() async {
        guard let witness else { return }
        let marker = Self.marker()
        let forged = "203.0.113.77"
        let fields: [FieldGames.Field] = [
            ("X-Doctor", marker), ("X-Forwarded-For", forged), ("X-Real-IP", forged), ("Forwarded", "for=\(forged)"),
            ("Cookie", "\(self.cookieName)=\(marker); theirs=kept"), ("X-Forwarded-Host", Self.elsewhere),
        ]
        _ = await self.ask(self.request(witness.path, fields: fields))
        guard let head = witness.witness.head(with: "X-Doctor: \(marker)") ?? witness.witness.head(with: marker) else {
            self.report.add(
                Finding(
                    .warning,
                    "The witness was not reached",
                    seen: "nothing arrived of a request for \(witness.path)",
                    change:
                        "a route for \(witness.path) with access = \"anyone\" and an upstream where the doctor listens"
                )
            )
            return
        }
        self.report.isGood("the witness was reached: what arrives at \(witness.path) was seen byte by byte")
        let text = String(decoding: head, as: UTF8.self)
        if text.contains(forged) {
            self.report.add(
                Finding(
                    .warning,
                    "The application is told whatever address a browser claims",
                    seen: "X-Forwarded-For, X-Real-IP or Forwarded of the browser's arrived with \(forged)",
                    change: self.places.place("server", "trusted_proxies")
                        + ": the front's own address and no more; in "
                        + "the front: set X-Forwarded-For to the peer's address instead of appending to the browser's"
                )
            )
        }
        if text.contains("\(self.cookieName)=\(marker)") {
            self.report.add(
                Finding(
                    .critical,
                    "The session cookie reaches the application",
                    seen: "Cookie: \(self.cookieName)=… arrived at the witness",
                    change: "let no way lead to the application but through the gateway; where the front talks to the "
                        + "application itself, remove this cookie there; " + self.places.place("cookie", "name")
                )
            )
        }
        if text.contains(Self.elsewhere) {
            self.report.add(
                Finding(
                    .critical,
                    "The application is told whatever host a browser claims",
                    seen: "X-Forwarded-Host of the browser's arrived",
                    change: "in the front: set Host and X-Forwarded-Host itself"
                )
            )
        }
    }

    private var cookieName: String {
        let isTLS = self.configuration.server.publicURL.scheme == .https
        return CookieNames(name: self.configuration.cookie.name, secure: isTLS, domain: nil).ticket
    }
}
