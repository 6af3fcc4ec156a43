/// Finds settings in a document and in the environment, and collects what is wrong with them.
///
/// A key is known once it has been asked for. So each section asks for all of its keys, whatever they hold, and what
/// nobody has asked for is unknown.
package final class ConfigurationReader {
    /// A table of the document, and what has been asked of it.
    struct Table {
        let name: String
        let path: [KeyLocator.Step]
        let members: [SettingMember]
        /// Whether environment variables reach its keys.
        let isOverridable: Bool
        fileprivate(set) var asked: [String] = []
    }

    private(set) var problems: [ConfigurationProblem] = []
    private(set) var warnings: [ConfigurationProblem] = []
    private(set) var tables: [Table] = []
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
        let path = [KeyLocator.Step.key(name)]
        var members: [SettingMember] = []
        switch self.document.members.value(of: name) {
        case nil: break
        case .table(let found): members = found
        case let found?: self.refuse(name, at: path, found: found.shown, allowed: "a table, [\(name)]")
        }
        return self.add(Table(name: name, path: path, members: members, isOverridable: true))
    }

    /// Each `[[name]]`, in the order of the file. To be asked for once.
    func sections(_ name: String) -> [SectionReader] {
        let path = [KeyLocator.Step.key(name)]
        switch self.document.members.value(of: name) {
        case nil: break
        case .list(let items):
            return items.enumerated().compactMap { index, item in
                let path = path + [.item(index)]
                guard case .table(let members) = item else {
                    self.refuse(name, at: path, found: item.shown, allowed: "a table, [[\(name)]]")
                    return nil
                }
                return self.add(Table(name: name, path: path, members: members, isOverridable: false))
            }
        case let found?:
            self.refuse(name, at: path, found: found.shown, allowed: "one table or more, each headed [[\(name)]]")
        }
        return []
    }

    private func add(_ table: Table) -> SectionReader {
        self.tables.append(table)
        return SectionReader(self, table: self.tables.count - 1)
    }

    /// The value of a key, from the environment if it is there, and otherwise from the file.
    func setting(_ key: String, inTable index: Int) -> Setting? {
        if !self.tables[index].asked.contains(key) { self.tables[index].asked.append(key) }
        let table = self.tables[index]
        if table.isOverridable, let text = self.environment[EnvironmentVariable.name(table.name, key)] {
            return .variable(text)
        }
        return table.members.value(of: key).map { .file($0) }
    }

    /// Where the value of a key comes from, and what the key is called there.
    private func origin(of key: String, inTable index: Int) -> (place: ConfigurationProblem.Place, name: String) {
        let table = self.tables[index]
        let variable = EnvironmentVariable.name(table.name, key)
        if table.isOverridable, self.environment[variable] != nil { return (.environment, variable) }
        return (self.place(of: table.path + [.key(key)]), "\(table.name).\(ConfigurationProblem.plain(key))")
    }

    private func place(of path: [KeyLocator.Step]) -> ConfigurationProblem.Place {
        .file(self.file, line: self.document.locator.line(of: path))
    }

    func refuse(_ key: String, inTable index: Int, found: String, allowed: String, hint: String?) {
        let origin = self.origin(of: key, inTable: index)
        self.add(
            ConfigurationProblem(place: origin.place, key: origin.name, found: found, allowed: allowed, hint: hint))
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
    func refuse(_ name: String, at path: [KeyLocator.Step], found: String, allowed: String, hint: String? = nil) {
        self.add(
            ConfigurationProblem(
                place: self.place(of: path), key: ConfigurationProblem.plain(name), found: found, allowed: allowed,
                hint: hint))
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

extension [SettingMember] {
    /// The value of the key of exactly this name.
    func value(of name: String) -> SettingValue? {
        self.first { $0.key.isExactly(name) }?.value
    }
}

extension [String] {
    /// Each text once, in its first place.
    var unique: [String] {
        var unique: [String] = []
        for text in self where !unique.contains(where: { $0.isExactly(text) }) { unique.append(text) }
        return unique
    }
}
