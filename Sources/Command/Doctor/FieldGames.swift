/// Header fields with which somebody tries to be somebody else, or elsewhere.
package enum FieldGames {
    package typealias Field = (name: String, value: String)

    /// Names that applications take for the user, one or two of each family that the gateway reserves.
    package static let identityNames = [
        "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Forwarded-Groups",
        "X-Forwarded-Name", "X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups", "Remote-User",
        "Remote-Groups", "X-Remote-User", "X-WebAuth-User", "X-Authentik-Username", "X-Auth-Assertion",
        "Logto-ID-Token", "X-User", "X-User-Id", "X-Email", "SSL-Client-S-DN", "Cf-Access-Jwt-Assertion",
    ]

    /// One way to spell a forged field.
    package struct Spelling: Sendable {
        package let title: String
        package let spell: @Sendable (Field) -> [Field]
        package var isNamedInConnection = false
        /// Whether what was sent stands in the value of another field, too, where it does no harm.
        package var isHidden = false
    }

    /// What CGI, WSGI, PHP and proxies make one name of, and what makes a proxy drop or keep the wrong one.
    package static let spellings: [Spelling] = [
        Spelling(title: "as it is") { [$0] },
        Spelling(title: "in lower case") { [($0.name.lowercased(), $0.value)] },
        Spelling(title: "with underscores") { [($0.name.joined(by: "_"), $0.value)] },
        Spelling(title: "in upper case with underscores") { [($0.name.joined(by: "_").uppercased(), $0.value)] },
        Spelling(title: "with one underscore") { [($0.name.withLast("-", as: "_"), $0.value)] },
        Spelling(title: "with dots") { [($0.name.joined(by: "."), $0.value)] },
        Spelling(title: "twice") { [$0, ($0.name.lowercased(), $0.value)] },
        Spelling(
            title: "folded behind another field",
            spell: { [("X-Doctor", "x\r\n \($0.name): \($0.value)"), $0] },
            isHidden: true
        ),
        Spelling(title: "with a space before the colon") { [($0.name + " ", $0.value)] },
        Spelling(title: "named in Connection", spell: { [$0] }, isNamedInConnection: true),
    ]

    /// Fields with which a front or an application may be told another path, method or address than the request's.
    package static func diversions(to open: String, elsewhere: String) -> [Field] {
        let paths = [
            "X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Path", "X-Request-Uri",
            "X-Forwarded-Prefix", "X_Original_URL", "x-forwarded_uri", "X-Envoy-Original-Path",
        ]
        let methods = ["X-HTTP-Method-Override", "X-Method-Override", "X-Original-Method", "X-Forwarded-Method"]
        let addresses = ["X-Forwarded-For", "X-Real-IP", "True-Client-IP", "X-Client-IP", "X-Envoy-External-Address"]
        return paths.map { ($0, open) } + methods.map { ($0, "OPTIONS") } + addresses.map { ($0, "127.0.0.1") }
            + [
                ("X-Forwarded-Host", elsewhere), ("Forwarded", "for=127.0.0.1;host=\(elsewhere);proto=http"),
                ("X-Forwarded-Proto", "http"), ("X-Forwarded-Port", "1"), ("X-Host", elsewhere),
            ]
    }

    /// Fields of the front's own which somebody might have dropped on the way.
    package static let droppable = [
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Method", "X-Forwarded-Uri",
        "X-Original-URL", "X-Original-Method", "X-Real-IP", "Host", "Cookie", "X-Request-Id",
    ]
}

extension String {
    fileprivate func joined(by mark: String) -> String {
        self.split(whereSeparator: { "-_.".contains($0) }).joined(separator: mark)
    }

    fileprivate func withLast(_ old: Character, as new: String) -> String {
        guard let index = self.lastIndex(of: old) else { return self }
        return self[..<index] + new + self[self.index(after: index)...]
    }
}
