/// One table of the configuration, read key by key with the type each key has.
///
/// What these give back is `nil` when the key is not set, and also when its value is refused: the problem is noted
/// then, and reading goes on with the default, so that every problem is found.
package struct SectionReader {
    private let reader: ConfigurationReader
    private let table: Int

    init(_ reader: ConfigurationReader, table: Int) {
        self.reader = reader
        self.table = table
    }

    /// Notes a problem with the value of a key.
    func refuse(_ key: String, found: String, allowed: String, hint: String? = nil) {
        self.reader.refuse(key, inTable: self.table, found: found, allowed: allowed, hint: hint)
    }

    /// Notes a problem with the table as a whole.
    func refuseTable(found: String, allowed: String) {
        self.reader.refuseTable(self.table, found: found, allowed: allowed)
    }

    /// Notes what is allowed but hardly meant.
    func warn(_ key: String, _ message: String) {
        self.reader.warn(key, inTable: self.table, message)
    }

    /// What is in this file is part of the configuration.
    func note(file: String) {
        self.reader.note(file: file)
    }

    /// Whether one of these keys has a problem already, so that what follows from it is not another.
    func hasProblem(_ keys: String...) -> Bool {
        keys.contains { self.reader.hasProblem($0, inTable: self.table) }
    }

    /// A table below this one.
    func nested(_ key: String) -> SectionReader? { self.reader.table(key, inTable: self.table) }

    /// Tables below this one.
    func nestedList(_ key: String) -> [SectionReader]? { self.reader.tables(key, inTable: self.table) }

    /// Whether the file has this key here.
    func has(_ key: String) -> Bool { self.setting(key) != nil }

    func setting(_ key: String) -> Setting? {
        self.reader.setting(key, inTable: self.table)
    }

    /// Text as it stands, even an empty one.
    func string(_ key: String, allowed: String) -> String? {
        switch self.setting(key) {
        case nil: return nil
        case .file(.string(let text)), .variable(let text): return text
        case .file(let other):
            self.refuse(key, found: other.shown, allowed: allowed)
            return nil
        }
    }

    /// Keys whose default is not empty: an empty text would not be what it looks like.
    private static let neverEmpty = [
        "listen", "socket_mode", "name", "host", "url", "prefix", "key_prefix", "upstream",
    ]

    /// Text; an empty one counts as not set, where that is the default. No setting of ours has control characters.
    func text(_ key: String, allowed: String = "text") -> String? {
        guard let text = self.string(key, allowed: allowed) else { return nil }
        guard !text.isEmpty else {
            if Self.neverEmpty.contains(where: { $0.isExactly(key) }) {
                self.refuse(key, found: "\"\"", allowed: allowed)
            }
            return nil
        }
        guard !text.hasControlCharacters else {
            self.refuse(key, found: ConfigurationProblem.quoted(text), allowed: "text without control characters")
            return nil
        }
        return text
    }

    /// Text that `parse` understands; `allowed` says what that is.
    func value<Value>(_ key: String, allowed: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = self.text(key, allowed: allowed) else { return nil }
        if let value = parse(text) { return value }
        self.refuse(key, found: ConfigurationProblem.quoted(text), allowed: allowed)
        return nil
    }

    /// The same for a key that must be set.
    func required<Value>(_ key: String, allowed: String, _ parse: (String) -> Value?) -> Value? {
        switch self.setting(key) {
        case nil:
            self.refuse(key, found: "nothing", allowed: allowed)
            return nil
        case .file(.string("")), .variable(""):
            self.refuse(key, found: "\"\"", allowed: allowed)
            return nil
        case .file, .variable:
            return self.value(key, allowed: allowed, parse)
        }
    }

    /// One of a few words.
    func choice<Value: CaseIterable & RawRepresentable<String>>(_ key: String) -> Value? {
        let allowed = Value.allCases.map(\.rawValue)
        guard let text = self.string(key, allowed: ConfigurationProblem.quoted(allowed)) else { return nil }
        if let value = Value.allCases.first(where: { $0.rawValue.isExactly(text) }) { return value }
        self.refuse(
            key,
            found: ConfigurationProblem.quoted(text),
            allowed: ConfigurationProblem.quoted(allowed),
            hint: ConfigurationProblem.suggestion(for: text, among: allowed)
        )
        return nil
    }

    /// Several texts, in the environment separated by commas. Empty texts and repetitions are refused.
    func list(_ key: String, of allowed: String, mayBeEmpty: Bool, isSecret: Bool = false) -> [String]? {
        let texts: [String]
        switch self.setting(key) {
        case nil:
            return nil
        case .variable(let text):
            texts = text.separatedByCommas
        case .file(.list(let items)):
            texts = items.compactMap { if case .string(let text) = $0 { text } else { nil } }
            guard texts.count == items.count else {
                self.refuse(key, found: "something else than text in the list", allowed: "a list of \(allowed)")
                return nil
            }
        case .file(let other):
            self.refuse(key, found: isSecret ? other.kind : other.shown, allowed: "a list of \(allowed)")
            return nil
        }
        guard let fault = texts.fault(mayBeEmpty: mayBeEmpty, isSecret: isSecret) else { return texts }
        self.refuse(key, found: fault, allowed: "a list of \(allowed)")
        return nil
    }
}

extension Setting {
    /// For the message about a wrong value.
    var shown: String {
        switch self {
        case .file(let value): value.shown
        case .variable(let text): ConfigurationProblem.quoted(text)
        }
    }
}

extension String {
    /// C0, DEL and C1.
    var hasControlCharacters: Bool {
        self.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// `a, b` as two texts; nothing at all as none.
    fileprivate var separatedByCommas: [String] {
        guard !self.isEmpty else { return [] }
        return self.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { part in
            let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") }
            let trimmed = part.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
            return String(decoding: Array(trimmed), as: UTF8.self)
        }
    }
}

extension [String] {
    /// What no list may be or have.
    fileprivate func fault(mayBeEmpty: Bool, isSecret: Bool) -> String? {
        if self.isEmpty, !mayBeEmpty { return "an empty list" }
        if self.contains("") { return "an empty text in the list" }
        if self.contains(where: \.hasControlCharacters) { return "control characters in the list" }
        for (index, text) in self.enumerated() where self[..<index].contains(where: { $0.isExactly(text) }) {
            return isSecret ? "the same twice" : "\(ConfigurationProblem.quoted(text)) twice"
        }
        return nil
    }
}
