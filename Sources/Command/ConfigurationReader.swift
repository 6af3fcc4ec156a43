/// Finds settings in a document and in the environment, and collects what is wrong with them.
///
/// A key is known once it has been asked for. So each section asks for all of its keys, whatever they hold, and what
/// nobody has asked for is unknown.
package final class ConfigurationReader {
    /// A table of the document, and what has been asked of it.
    struct Table {
        let name: String
        let members: [SettingMember]
        /// `nil` when the file does not have it.
        let line: Int?
        /// What environment variables call it in the place of its name; `nil` when none reaches its keys.
        let variableName: String?
        fileprivate(set) var asked: [String] = []
    }

    private(set) var problems: [ConfigurationProblem] = []
    private(set) var warnings: [ConfigurationProblem] = []
    private(set) var tables: [Table] = []
    /// The files that settings have named, as far as they were read.
    private(set) var files: [String] = []
    /// Every section that has been asked for.
    private(set) var names: [String] = []
    let document: TOMLDocument
    let environment: [String: String]
    private let file: String

    package init(file: String, document: TOMLDocument, environment: [String: String]) {
        self.file = file
        self.document = document
        self.environment = environment
    }

    /// Every key that has been asked for, as `section.key`, each once.
    var keys: [String] {
        self.tables.flatMap { table in table.asked.map { "\(table.name).\($0)" } }.unique
    }

    /// `[name]`; empty when the file does not have it. To be asked for once.
    func section(_ name: String) -> SectionReader {
        self.names.append(name)
        let member = self.document.members.member(name)
        if let member, case .table(let members, let line) = member.value {
            return self.add(Table(name: name, members: members, line: line, variableName: name))
        }
        if let member {
            self.refuse(name, line: member.line, found: member.value.shown, allowed: "a table, [\(name)]")
        }
        return self.add(Table(name: name, members: [], line: nil, variableName: name))
    }

    /// `[name]`, or each `[[name]]`: environment variables reach the first as if it were alone, and the others by the
    /// `name` they have. To be asked for once.
    func sectionOrList(_ name: String) -> [SectionReader] {
        if let member = self.document.members.member(name), case .list = member.value {
            return self.sections(name, reachedByVariables: true)
        }
        return [self.section(name)]
    }

    /// Each `[[name]]`, in the order of the file; at least one. To be asked for once.
    func sections(_ name: String, reachedByVariables: Bool = false) -> [SectionReader] {
        self.names.append(name)
        let allowed = "one table or more, each headed [[\(name)]]"
        guard let member = self.document.members.member(name) else {
            self.refuse(name, line: nil, found: "nothing", allowed: allowed)
            return []
        }
        guard case .list(let items) = member.value else {
            self.refuse(name, line: member.line, found: member.value.shown, allowed: allowed)
            return []
        }
        if items.isEmpty { self.refuse(name, line: member.line, found: "an empty list", allowed: allowed) }
        return items.enumerated().compactMap { index, item in
            guard case .table(let members, let line) = item else {
                self.refuse(name, line: member.line, found: item.shown, allowed: allowed)
                return nil
            }
            var variableName: String?
            if reachedByVariables {
                variableName =
                    index == 0 ? name : EnvironmentVariable.section(name, named: members.member("name")?.value)
            }
            return self.add(Table(name: name, members: members, line: line, variableName: variableName))
        }
    }

    /// A table that is the value of a key in another: `key = { … }` or `[name.key]`. `nil` when the key is not set, or to
    /// something else, which is refused.
    func table(_ key: String, inTable index: Int) -> SectionReader? {
        guard let setting = self.setting(key, inTable: index) else { return nil }
        guard case .file(.table(let members, let line)) = setting else {
            self.refuse(key, inTable: index, found: setting.shown, allowed: "a table, { … }", hint: nil)
            return nil
        }
        let name = "\(self.tables[index].name).\(key)"
        return self.add(Table(name: name, members: members, line: line, variableName: nil))
    }

    /// The tables in a list that is the value of a key. One table may stand there without a list.
    func tables(_ key: String, inTable index: Int) -> [SectionReader]? {
        guard let setting = self.setting(key, inTable: index) else { return nil }
        let name = "\(self.tables[index].name).\(key)"
        let line = self.tables[index].members.member(key)?.line
        switch setting {
        case .file(.table(let members, let line)):
            return [self.add(Table(name: name, members: members, line: line, variableName: nil))]
        case .file(.list(let items)) where !items.isEmpty:
            let tables = items.compactMap { item -> [SettingMember]? in
                if case .table(let members, _) = item { members } else { nil }
            }
            guard tables.count == items.count else { break }
            return items.compactMap { item in
                guard case .table(let members, let own) = item else { return nil }
                return self.add(Table(name: name, members: members, line: max(own, line ?? 0), variableName: nil))
            }
        case .file, .variable: break
        }
        self.refuse(key, inTable: index, found: setting.shown, allowed: "a list of tables, [{ … }, { … }]", hint: nil)
        return nil
    }

    private func add(_ table: Table) -> SectionReader {
        self.tables.append(table)
        return SectionReader(self, table: self.tables.count - 1)
    }

    /// The value of a key, from the environment if it is there, and otherwise from the file.
    func setting(_ key: String, inTable index: Int) -> Setting? {
        if !self.tables[index].asked.contains(key) { self.tables[index].asked.append(key) }
        let table = self.tables[index]
        if let name = table.variableName, let text = self.environment[EnvironmentVariable.name(name, key)] {
            return .variable(text)
        }
        return table.members.member(key).map { .file($0.value) }
    }

    /// Where the value of a key comes from, and what the key is called there.
    private func origin(of key: String, inTable index: Int) -> (place: ConfigurationProblem.Place, name: String) {
        let table = self.tables[index]
        if let variable = table.variableName.map({ EnvironmentVariable.name($0, key) }),
            self.environment[variable] != nil
        {
            return (.environment, variable)
        }
        let line = table.members.member(key)?.line ?? table.line
        return (.file(self.file, line: line), "\(table.name).\(ConfigurationProblem.plain(key))")
    }

    func refuse(_ key: String, inTable index: Int, found: String, allowed: String, hint: String?) {
        let origin = self.origin(of: key, inTable: index)
        self.add(
            ConfigurationProblem(place: origin.place, key: origin.name, found: found, allowed: allowed, hint: hint)
        )
    }

    func refuseTable(_ index: Int, found: String, allowed: String) {
        let table = self.tables[index]
        let place = ConfigurationProblem.Place.file(self.file, line: table.line)
        self.add(ConfigurationProblem(place: place, key: table.name, found: found, allowed: allowed))
    }

    func warn(_ key: String, inTable index: Int, _ message: String) {
        let origin = self.origin(of: key, inTable: index)
        self.warnings.append(ConfigurationProblem(place: origin.place, key: origin.name, message: message))
    }

    /// Whether there is a problem with the value of a key.
    func hasProblem(_ key: String, inTable index: Int) -> Bool {
        let origin = self.origin(of: key, inTable: index)
        return self.problems.contains { $0.place == origin.place && $0.key == origin.name }
    }

    /// For what belongs to no section.
    func refuse(_ name: String, line: Int?, found: String, allowed: String, hint: String? = nil) {
        self.add(
            ConfigurationProblem(
                place: .file(self.file, line: line),
                key: ConfigurationProblem.plain(name),
                found: found,
                allowed: allowed,
                hint: hint
            )
        )
    }

    func note(file: String) {
        self.files.append(file)
    }

    func add(_ problem: ConfigurationProblem) {
        self.problems.append(problem)
    }
}

/// The value of a key, and whether a variable holds it.
enum Setting {
    case file(SettingValue)
    case variable(String)
}

extension [String] {
    /// Each text once, in its first place.
    var unique: [String] {
        var unique: [String] = []
        for text in self where !unique.contains(where: { $0.isExactly(text) }) { unique.append(text) }
        return unique
    }
}
