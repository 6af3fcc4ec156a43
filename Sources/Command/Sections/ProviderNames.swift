import Access

/// How routes name their provider.
struct ProviderNames {
    /// In the order of the file; the first one's is empty unless it has one.
    private let names: [String]

    /// Each provider but the first needs a name, and a different one.
    init(_ sections: [SectionReader]) {
        var names: [String] = []
        for (index, section) in sections.enumerated() {
            let allowed = "up to 32 lower-case letters, digits and \"-\""
            let name = section.value("name", allowed: allowed) { Self.isName($0) ? $0 : nil } ?? ""
            if index > 0, name.isEmpty, !section.hasProblem("name") {
                section.refuse("name", found: "nothing", allowed: "a name for each [[provider]] but the first")
            }
            if !name.isEmpty, names.contains(where: { $0.isExactly(name) }) {
                section.refuse("name", found: "\(ConfigurationProblem.quoted(name)) twice", allowed: "each name once")
            }
            names.append(name)
        }
        self.names = names
    }

    private static func isName(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    /// The provider a route names, the first one without a name. What names its sessions is empty for the first one, so
    /// that nobody is signed out when a second one is added, or the first is named.
    func provider(of section: SectionReader) -> (index: Int, name: String) {
        let known = self.names.filter { !$0.isEmpty }
        let allowed = known.isEmpty ? "the name of a [[provider]]" : ConfigurationProblem.quoted(known)
        let index = section.value("provider", allowed: allowed) { text in
            self.names.firstIndex { !$0.isEmpty && $0.isExactly(text) }
        }
        guard let index, index > 0 else { return (0, "") }
        return (index, self.names[index])
    }
}
