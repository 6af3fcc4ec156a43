import Access
import Gateway

extension OriginalFields {
    /// As a head with these fields is read.
    static func make(_ fields: [(String, String)]) -> OriginalFields {
        var original = OriginalFields()
        let removed = ReservedNames(exactly: FrontFields([]).removed)
        for (name, value) in fields { original.note(name, value, removed: removed) }
        return original
    }
}

/// What nginx says as we configure it.
let nginxFields = [
    ("X-Original-Method", "GET"), ("X-Original-URI", "/private?x=1"), ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "app.example.com"),
]

/// What Traefik and Caddy say.
let traefikFields = [
    ("X-Forwarded-Method", "GET"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "app.example.com"),
    ("X-Forwarded-Uri", "/private?x=1"),
]

extension [(String, String)] {
    func without(_ name: String) -> Self { self.filter { $0.0 != name } }

    func with(_ name: String, _ value: String) -> Self { self.without(name) + [(name, value)] }
}

/// Which refusal it was: the case's name.
func refusal(of body: () throws -> Void) -> String {
    do {
        try body()
        return "none"
    } catch {
        return String("\(error)".prefix { $0 != "(" })
    }
}
