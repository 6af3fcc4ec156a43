import Access
import Gateway

/// What goes wrong where a front asks the gateway and forwards by itself: somebody else asks, too, or the front takes
/// another route than the one that was judged. Played by a stranger, and with the session, if there is one.
extension Examination {
    mutating func examineAsking() async {
        await self.askChecks(nil)
        await self.lookForOtherRoutes(nil)
        guard let cookies else { return }
        await self.askChecks(cookies)
        await self.lookForOtherRoutes(cookies)
    }

    /// The answer to a check says what no script of a page may read: cookies and the signed assertion.
    private mutating func askChecks(_ cookies: String?) async {
        let isOpen: [Access] = cookies == nil ? [.anyone, .optional] : [.signedIn]
        let path = self.configuration.routes.first { isOpen.contains($0.policy.access) }?.path ?? "/"
        let prefix = self.configuration.paths.prefix
        let secret = Self.marker()
        let said: [FieldGames.Field] = [
            ("Cookie", (cookies.map { "\($0); " } ?? "") + "doctor=\(secret)"),
            ("X-Forwarded-Proto", self.front.scheme.rawValue), ("X-Forwarded-Host", self.front.authority.text),
        ]
        let questions: [(target: String, fields: [FieldGames.Field])] = [
            ("\(prefix)/check", [("X-Original-Method", "GET"), ("X-Original-URI", path)]),
            ("\(prefix)/forward-auth", [("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", path)]),
            ("\(prefix)/ext-authz\(path)", []),
        ]
        for (target, fields) in questions {
            let outcome = await self.ask(self.request(target, fields: said + fields))
            guard let answer = outcome.answer, answer.status == 200 else { continue }
            let told = answer.fields.filter { field in
                Self.toldToFronts.contains(field.name) || Array(field.value.utf8).holds(Array(secret.utf8))
            }
            guard !told.isEmpty else { continue }
            self.report.add(
                Finding(
                    .critical,
                    "A browser can ask the gateway's checks itself: scripts read what only the application may",
                    seen: "GET \(target) \(cookies == nil ? "without" : "with") a session answered with "
                        + told.map(\.name).joined(separator: ", "),
                    change: "in the front: answer 404 for \(prefix)/check, \(prefix)/forward-auth and "
                        + "\(prefix)/ext-authz/ (`gatehouse emit` prints how), or give checks an address of their own; "
                        + self.places.place("check", "listen")
                )
            )
        }
    }

    private static let toldToFronts = [
        "x-forwarded-user", "x-auth-request-user", Assertion.fieldName.lowercased(),
    ]

    /// Other letters or an escape in the witness' path: what arrives there must be what was judged to go there.
    private mutating func lookForOtherRoutes(_ cookies: String?) async {
        guard let witness, self.leadsToWitness(witness.path) else { return }
        for spelling in PathGames.respelt(witness.path) {
            let marker = Self.marker()
            let target = "\(spelling)/\(marker)"
            let fields = cookies.map { [(name: "Cookie", value: $0)] } ?? []
            let outcome = await self.ask(self.request(target, fields: fields))
            let hasArrived = witness.witness.head(with: marker) != nil
            let isElsewhere = if case .passed = self.verdict(outcome) { !hasArrived } else { false }
            guard self.leadsToWitness(target) ? isElsewhere : hasArrived else { continue }
            self.report.add(
                Finding(
                    .critical,
                    "The front reads paths differently from the gateway, and leads to another application",
                    seen: "GET \(target) \(cookies == nil ? "without" : "with") a session "
                        + (hasArrived ? "reached" : "passed, and did not reach")
                        + " the application of \(witness.path)",
                    change: "in the front: compare paths with their case, and decoded (`gatehouse emit` prints how)"
                )
            )
        }
    }

    private func leadsToWitness(_ target: String) -> Bool {
        guard let route = self.route(of: target), route.hasUpstream else { return false }
        return self.isWitness(self.configuration.upstreams[route.upstream])
    }

    /// As which route the gateway judges a target.
    func route(of target: String) -> Route? {
        guard let table = try? RouteTable(self.configuration.routes), let target = try? RequestTarget(target) else {
            return nil
        }
        return try? table.route(for: self.front.authority, "GET", target)
    }
}
