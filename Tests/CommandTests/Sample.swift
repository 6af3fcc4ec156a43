import Command

/// A configuration in which all that must be set is set; tests change a line of it.
struct Sample {
    private var sections: [(header: String, lines: [String])] = [
        ("[server]", ["listen = \"127.0.0.1:8080\"", "public_url = \"https://app.example.com\""]),
        ("[tls]", []),
        ("[admin]", []),
        ("[check]", []),
        (
            "[provider]",
            ["issuer = \"https://auth.example.com/oidc\"", "client_id = \"id\"", "client_secret = \"s3cret\""]
        ),
        ("[sign_in]", []),
        ("[session]", []),
        ("[cookie]", []),
        ("[redis]", []),
        ("[paths]", []),
        ("[protected_app]", []),
        ("[timeouts]", []),
        ("[limits]", []),
        ("[log]", []),
        ("[[route]]", ["path = \"/\"", "upstream = \"http://127.0.0.1:3000\""]),
    ]

    /// With these lines in a section, in place of those of the same keys. Of several routes it is the last.
    func with(_ section: String, _ lines: String...) -> Sample {
        self.changing(section) { old in
            let keys = lines.map(Self.key)
            return old.filter { !keys.contains(Self.key($0)) } + lines
        }
    }

    /// Without one key.
    func without(_ section: String, _ key: String) -> Sample {
        self.changing(section) { $0.filter { Self.key($0) != key } }
    }

    /// Without a whole section; all routes are one.
    func without(_ section: String) -> Sample {
        var copy = self
        copy.sections.removeAll { $0.header == "[\(section)]" || $0.header == "[[\(section)]]" }
        return copy
    }

    /// With one more route.
    func withRoute(_ lines: String...) -> Sample {
        var copy = self
        copy.sections.append(("[[route]]", lines))
        return copy
    }

    var text: String {
        self.sections.map { section in ([section.header] + section.lines).joined(separator: "\n") + "\n" }.joined()
    }

    func reading(environment: [String: String] = [:]) -> ConfigurationReading {
        ConfigurationFile.read(Array(self.text.utf8), path: "g.toml", environment: environment)
    }

    /// Each problem as it is printed, but without file and line.
    func problems(environment: [String: String] = [:]) -> [String] {
        self.reading(environment: environment).problems.map { "\($0.key ?? ""): \($0.message)" }
    }

    /// The same for warnings; none when there are problems, so that no test takes a refusal for a warning.
    func warnings(environment: [String: String] = [:]) -> [String] {
        let reading = self.reading(environment: environment)
        guard reading.configuration != nil else { return ["refused"] }
        return reading.warnings.map { "\($0.key ?? ""): \($0.message)" }
    }

    private func changing(_ section: String, _ change: ([String]) -> [String]) -> Sample {
        var copy = self
        let index = copy.sections.lastIndex { $0.header == "[\(section)]" || $0.header == "[[\(section)]]" }
        if let index { copy.sections[index].lines = change(copy.sections[index].lines) }
        return copy
    }

    private static func key(_ line: String) -> String {
        String(line.prefix { $0 != " " && $0 != "=" })
    }
}
