/// The environment variables that override settings: `GATEHOUSE_SECTION_KEY`.
package enum EnvironmentVariable {
    /// What all of ours begin with.
    private static let prefix = "GATEHOUSE_"
    /// Which binaries our own tests run.
    private static let forTests = ["GATEHOUSE_BINARY", "GATEHOUSE_DEMO_BINARY"]

    /// The variable of a key.
    package static func name(_ section: String, _ key: String) -> String {
        "\(self.prefix)\(section.uppercased())_\(key.uppercased())"
    }

    /// What variables call one of several tables; `nil` for one without a name.
    static func section(_ section: String, named name: SettingValue?) -> String? {
        guard case .string(let name) = name, !name.isEmpty else { return nil }
        return "\(section)_\(String(name.map { $0 == "-" ? "_" : $0 }))"
    }

    /// Whether a variable claims to be a setting of ours.
    ///
    /// Kubernetes tells each pod of the services beside it, and so sets `GATEHOUSE_SERVICE_HOST`, `GATEHOUSE_PORT` and
    /// their like where a service is named `gatehouse` or `gatehouse-…`. Those are no settings.
    package static func isSetting(_ name: String, value: String) -> Bool {
        name.utf8.starts(with: self.prefix.utf8) && !self.forTests.contains { $0.isExactly(name) }
            && !self.isServiceLink(name, value: value)
    }

    /// The nearest of our variables, or one that only lacks its section.
    static func suggestion(for name: String, among known: [String]) -> String? {
        // The prefix they have in common would make all of them near.
        let ending = { (name: String) in String(decoding: name.utf8.dropFirst(self.prefix.utf8.count), as: UTF8.self) }
        let word = ending(name)
        if let near = EditDistance.nearest(to: word, among: known.map(ending)) {
            return "did you mean \"\(self.prefix)\(near)\"?"
        }
        let longer = known.first { !word.isEmpty && $0.utf8.reversed().starts(with: "_\(word)".utf8.reversed()) }
        return longer.map { "did you mean \"\($0)\"?" }
    }

    private static func isServiceLink(_ name: String, value: String) -> Bool {
        var words = name.utf8.split(separator: UInt8(ascii: "_")).map { String(decoding: $0, as: UTF8.self) }
        // GATEHOUSE_SERVICE_HOST=10.0.0.11, GATEHOUSE_SERVICE_PORT=80, GATEHOUSE_SERVICE_PORT_HTTP=80
        if let index = words.lastIndex(of: "SERVICE"), ["HOST", "PORT"].contains(words[(index + 1)...].first) {
            return true
        }
        // GATEHOUSE_PORT=tcp://10.0.0.11:80
        if words.last == "PORT", ["tcp://", "udp://", "sctp://"].contains(where: { value.utf8.starts(with: $0.utf8) }) {
            return true
        }
        // GATEHOUSE_PORT_80_TCP=tcp://10.0.0.11:80, and _PROTO, _PORT and _ADDR behind that.
        if ["PROTO", "PORT", "ADDR"].contains(words.last) { words.removeLast() }
        let end = Array(words.suffix(3))
        return end.count == 3 && end[0] == "PORT" && Int(end[1]) != nil && ["TCP", "UDP", "SCTP"].contains(end[2])
    }
}
