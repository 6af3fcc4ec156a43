/// Where each setting stands, for whoever is to change it.
package struct SettingPlaces: Sendable {
    private let file: String
    private let members: [SettingMember]
    private let environment: [String: String]

    package init(file: String, document: TOMLDocument?, environment: [String: String]) {
        self.file = file
        self.members = document?.members ?? []
        self.environment = environment
    }

    /// `FILE:LINE: section.key`; the variable when one overrides it; the section's line, or the file, when it is not
    /// set.
    package func place(_ section: String, _ key: String) -> String {
        let variable = EnvironmentVariable.name(section, key)
        if self.environment[variable] != nil { return "environment: \(variable)" }
        guard let member = self.members.member(section), case .table(let members, let line) = member.value else {
            return "\(self.file): \(section).\(key) (not set)"
        }
        if let member = members.member(key) { return "\(self.file):\(member.line): \(section).\(key)" }
        return "\(self.file):\(line): \(section).\(key) (not set)"
    }

    /// The same for the provider of this place in the file, of which one may stand alone.
    package func place(ofProvider index: Int, _ key: String) -> String {
        guard case .table(let members, let line) = self.item(index, of: "provider") else {
            return self.place("provider", key)
        }
        let name =
            index == 0 ? "provider" : EnvironmentVariable.section("provider", named: members.member("name")?.value)
        if let variable = name.map({ EnvironmentVariable.name($0, key) }), self.environment[variable] != nil {
            return "environment: \(variable)"
        }
        guard let member = members.member(key) else { return "\(self.file):\(line): provider.\(key) (not set)" }
        return "\(self.file):\(member.line): provider.\(key)"
    }

    /// The same for the route of this place in the file.
    package func place(ofRoute index: Int, _ key: String) -> String {
        guard case .table(let members, let line) = self.item(index, of: "route") else {
            return "\(self.file): route.\(key)"
        }
        return "\(self.file):\(members.member(key)?.line ?? line): route.\(key)"
    }

    private func item(_ index: Int, of section: String) -> SettingValue? {
        guard let member = self.members.member(section), case .list(let items) = member.value,
            items.indices.contains(index)
        else { return nil }
        return items[index]
    }
}
