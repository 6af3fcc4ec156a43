/// `config.example.toml`, line by line.
struct ExampleConfiguration {
    /// A key of the example, set or commented out.
    struct Key {
        /// As in `server.listen`.
        let name: String
        /// Counted from 0.
        let index: Int
        let isSet: Bool
    }

    var lines: [String]
    let keys: [Key]

    init(_ text: String) {
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var keys: [Key] = []
        var section = ""
        for (index, line) in self.lines.enumerated() {
            if line.hasPrefix("[") {
                section = line.filter { $0 != "[" && $0 != "]" }
                continue
            }
            let isSet = !line.hasPrefix("#")
            let words = (isSet ? line : String(line.dropFirst(2))).split(separator: " ", maxSplits: 2)
            // Sentences are comments too, but none has an equals sign for its second word.
            guard words.count == 3, words[1] == "=" else { continue }
            keys.append(Key(name: "\(section).\(words[0])", index: index, isSet: isSet))
        }
        self.keys = keys
    }

    var text: String { self.lines.joined(separator: "\n") }

    /// With these keys set to what the comment says.
    func setting(_ keys: [Key]) -> ExampleConfiguration {
        var copy = self
        for key in keys where !key.isSet { copy.lines[key.index] = String(copy.lines[key.index].dropFirst(2)) }
        return copy
    }

    /// With one key under another name.
    func renaming(_ key: Key, to name: String) -> ExampleConfiguration {
        var copy = self.setting([key])
        let value = copy.lines[key.index].drop { $0 != " " }
        copy.lines[key.index] = name + value
        return copy
    }
}
