import Access
import Command
import Testing

struct PathGamesTests {
    private func games(_ path: String, coversSuffixes: Bool = false) -> [PathGames.Game] {
        PathGames.games(
            path: path,
            open: ["/_gatehouse/signed-out", "/public"],
            origin: "https://a.example",
            coversSuffixes: coversSuffixes
        )
    }

    /// What our own reader makes of each: refused, or protected. A game that honestly leads to something open would
    /// accuse a good deployment.
    @Test(arguments: [("/admin", false), ("/gatehouse-doctor", true), ("/public/admin", false)])
    func noGameIsHonestlyOpen(_ path: String, _ isRoot: Bool) throws {
        let authority = try Authority("a.example", scheme: .https)
        func route(_ path: String, _ access: Access) throws -> Route {
            try Route(name: path, authority: authority, path: path, upstream: 0, policy: Policy(access: access))
        }
        var routes = [try route("/", isRoot ? .signedIn : .anyone), try route("/public", .anyone)]
        if !isRoot { routes.append(try route(path, .signedIn)) }
        let table = try RouteTable(routes)
        for game in self.games(path, coversSuffixes: isRoot) {
            let text =
                game.target.hasPrefix("https:") ? try RequestTarget.split(absolute: game.target).target : game.target
            guard let target = try? RequestTarget(text), let found = try? table.route(for: authority, "GET", target)
            else {
                continue
            }
            let isOurs = target.path.starts(with: "/_gatehouse".utf8)
            #expect(found.policy.access == .signedIn || isOurs, "\(game.target) leads to \(found.path)")
        }
    }

    @Test func aPathIsRespeltWhereItHasLetters() {
        #expect(PathGames.respelt("/witness") == ["/WITNESS", "/%77itness"])
        #expect(PathGames.respelt("/Witness") == ["/witness", "/%57itness"])
        #expect(PathGames.respelt("/").isEmpty)
    }

    @Test func eachIsAskedOnce() {
        let games = self.games("/admin", coversSuffixes: true).map { "\($0.method) \($0.target)" }
        #expect(Set(games).count == games.count)
        #expect(games.count < 100)
    }

    @Test func traversalsClimbAsFarAsTheyMust() {
        let targets = self.games("/admin").map(\.target)
        #expect(targets.contains("/_gatehouse/signed-out/..;/..;/admin"))
        #expect(targets.contains("/public/..%2fadmin"))
        #expect(targets.contains("/%61dmin"))
        #expect(targets.contains("https://a.example/admin"))
    }
}
