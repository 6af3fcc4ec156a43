import Access
import Gateway
import JSON

/// The signed-in user, with a session the operator has handed over: nobody becomes somebody else with it, and nobody
/// without it is shown what it was shown.
extension Examination {
    mutating func examineSession() async {
        guard let cookies else {
            return self.report.cannotSee("what a signed-in user can forge: there is no --cookie-file")
        }
        let outcome = await self.ask(
            self.request(self.configuration.paths.session, fields: [("Cookie", cookies)])
        )
        guard let answer = outcome.answer, answer.status == 200, let subject = Self.subject(in: answer) else {
            return self.report.cannotSee(
                "what a signed-in user can forge: nobody is signed in with the cookies of --cookie-file"
            )
        }
        self.report.isGood(
            "the cookies of --cookie-file are a session's, that of \(ConfigurationProblem.quoted(subject))"
        )
        for (index, path, _) in self.protectedPaths.prefix(3) {
            let setting = self.places.place(ofRoute: index, "upstream")
            await self.forgeSignedIn(at: path, cookies, setting)
            await self.lookForLeftovers(at: path, cookies, setting)
        }
    }

    private static func subject(in answer: WireAnswer) -> String? {
        (try? JSON.parse(answer.body))?["sub"]?.stringValue
    }

    private mutating func forgeSignedIn(at path: String, _ cookies: String, _ setting: String) async {
        let arrived = await self.forge(at: path, cookies: cookies)
        guard !arrived.isEmpty else { return }
        self.report.add(
            Finding(
                .critical,
                "Whoever is signed in can name another identity: forged fields reach the application",
                seen: "sent to \(path) with a session and arrived, " + arrived.joined(separator: "; "),
                change:
                    "where the front talks to the application itself, remove these fields there, in every spelling, "
                    + "before it sets its own (`gatehouse emit` prints how); \(setting)"
            )
        )
    }

    /// A cache that is asked for a page with a session, and then without.
    private mutating func lookForLeftovers(at path: String, _ cookies: String, _ setting: String) async {
        let target = "\(path)?\(Self.marker())"
        let shown = await self.ask(self.request(target, fields: [("Cookie", cookies)]))
        guard case .passed = self.verdict(shown) else {
            return self.report.cannotSee("whether \(path) is kept for others: this session is not let in there")
        }
        guard case .passed(let status) = self.verdict(await self.ask(self.request(target))) else {
            return self.report.isGood("what was shown at \(path) with a session is not shown without")
        }
        self.report.add(
            Finding(
                .critical,
                "A page that was shown to somebody signed in is shown to everybody",
                seen: "GET \(target) with the session, then without a cookie: \(status)",
                change: "in the front: no cache for what the gateway protects (nginx: no proxy_cache there); \(setting)"
            )
        )
    }
}
