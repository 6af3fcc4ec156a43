extension ConfigurationReader {
    /// Refuses what nobody has asked for, in the file and in the environment. To be called last.
    func refuseUnknown() {
        for member in self.document.members where !self.names.contains(where: { $0.isExactly(member.key) }) {
            self.refuseUnknownTop(member)
        }
        for (index, table) in self.tables.enumerated() {
            for member in table.members where !table.asked.contains(where: { $0.isExactly(member.key) }) {
                self.refuse(
                    member.key,
                    inTable: index,
                    found: "an unknown key",
                    allowed: table.asked.joined(separator: ", "),
                    hint: self.suggestion(for: member.key, among: table.asked)
                )
            }
        }
        self.refuseUnknownVariables()
    }

    private func refuseUnknownTop(_ member: SettingMember) {
        let isSection =
            switch member.value {
            case .table: true
            case .list(let items): items.contains { if case .table = $0 { true } else { false } }
            case .string, .integer, .boolean, .other: false
            }
        self.refuse(
            member.key,
            line: member.line,
            found: isSection ? "an unknown section" : "a key outside of any section",
            allowed: "the sections \(self.names.joined(separator: ", "))",
            hint: self.suggestion(for: member.key, among: self.names)
        )
    }

    private func refuseUnknownVariables() {
        let known = self.tables.flatMap { table in
            table.variableName.map { name in table.asked.map { EnvironmentVariable.name(name, $0) } } ?? []
        }
        for (name, value) in self.environment.sorted(by: { $0.key < $1.key })
        where EnvironmentVariable.isSetting(name, value: value) && !known.contains(where: { $0.isExactly(name) }) {
            self.add(
                ConfigurationProblem(
                    place: .environment,
                    key: ConfigurationProblem.plain(name),
                    found: "an unknown variable",
                    allowed: "GATEHOUSE_SECTION_KEY for the keys of the file, except those of [[route]]",
                    hint: EnvironmentVariable.suggestion(for: name, among: known)
                )
            )
        }
    }

    /// The nearest of the names, or the section in which a key of exactly this name is known.
    private func suggestion(for key: String, among names: [String]) -> String? {
        if let near = ConfigurationProblem.suggestion(for: key, among: names) { return near }
        let home = self.tables.first { $0.asked.contains { $0.isExactly(key) } }
        return home.map { "did you mean \"\($0.name).\(key)\"?" }
    }
}
