/// Spellings of a protected path which a front, the gateway and an application might read as different paths. All of
/// them are for somebody without a session: none may reach the application.
package enum PathGames {
    package struct Game: Sendable, Equatable {
        package let method: String
        package let target: String

        package init(_ target: String, method: String = "GET") {
            self.method = method
            self.target = target
        }
    }

    /// - Parameters:
    ///   - path: the protected one, such as "/admin".
    ///   - open: paths that anyone may ask for, our own among them.
    ///   - origin: scheme and host, for the absolute form.
    ///   - coversSuffixes: whether what only begins with `path` is protected too, as below a route for "/".
    package static func games(path: String, open: [String], origin: String, coversSuffixes: Bool) -> [Game] {
        var games = self.methods.map { Game(path, method: $0) }
        games += self.prefixes.map { Game($0 + path) }
        games += self.suffixes.map { Game(path + $0) }
        if coversSuffixes { games += self.extensions.map { Game(path + $0) } }
        games.append(Game(origin + path))
        games.append(Game(self.withFirstLetterEscaped(path)))
        games.append(Game("\\" + path.dropFirst()))
        for base in open { games += self.traversals(from: base, to: path) }
        return games
    }

    /// A front that lets preflights or probes by.
    private static let methods = ["HEAD", "OPTIONS", "POST", "PROPFIND"]
    private static let prefixes = ["/", "/.", "/;", "/;a=b", "/%2e", "/%2f", "/x/..", "/x/..;", "/x/%2e%2e"]
    private static let suffixes = [
        "?x.css", "?/../../index.html", "/", "//", "/.", "/..;/x", "/x.css", "/x.js", "/favicon.ico", "/%20",
        "/index.html", "/%252e%252e",
    ]
    /// A front that takes an ending for a harmless file.
    private static let extensions = [
        ".css", ".js", ".png", ";.css", "%3f.css", "%23.css", "%00.css", "%0a.css", ";x=.js",
    ]

    /// Ways to say "one up and then", from careless to devious.
    private static let steps = [
        "../", "..;/", "..%2f", "..%2F", "%2e%2e/", ".%2e/", "%2e%2e%2f", "..%5c", "..\\", "%252e%252e/", "..%252f",
        "..;x=y/", "..%00/", "..%09/", ".../",
    ]

    private static func traversals(from base: String, to path: String) -> [Game] {
        let depth = base.utf8.split(separator: UInt8(ascii: "/")).count
        let start = base.utf8.last == UInt8(ascii: "/") ? base : base + "/"
        return self.steps.map { step in
            Game(start + String(repeating: step, count: depth) + path.dropFirst())
        }
    }

    /// A path in other letters, and with its first one escaped; none where there are no letters.
    package static func respelt(_ path: String) -> [String] {
        let other = path.lowercased().isExactly(path) ? path.uppercased() : path.lowercased()
        return other.isExactly(path) ? [] : [other, self.withFirstLetterEscaped(path)]
    }

    private static func withFirstLetterEscaped(_ path: String) -> String {
        guard let byte = path.utf8.dropFirst().first else { return path }
        return "/%" + String(byte, radix: 16) + path.dropFirst(2)
    }
}
