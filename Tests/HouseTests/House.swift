import FoundationEssentials

/// The repository, as its own tests read it.
struct House {
    struct NoSuchFolder: Error {
        let path: String
    }

    private let root: String

    /// Found from the file that asks, which is in Tests/HouseTests.
    init(filePath: String = #filePath) {
        self.root = filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    }

    func path(_ relative: String) -> String { "\(self.root)/\(relative)" }

    /// The text of a file.
    func text(_ relative: String) throws -> String {
        try String(contentsOf: URL(filePath: self.path(relative)), encoding: .utf8)
    }

    /// The names of the folders in a folder.
    func folders(_ relative: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.path(relative)).filter { name in
            var isFolder = false
            return FileManager.default.fileExists(atPath: self.path("\(relative)/\(name)"), isDirectory: &isFolder)
                && isFolder
        }
    }

    /// Every Swift file below a folder. A folder that is not there fails: a test that reads nothing proves nothing.
    func swiftFiles(_ relative: String) throws -> [SwiftFile] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: self.path(relative), isDirectory: &isFolder), isFolder else {
            throw NoSuchFolder(path: relative)
        }
        var files: [SwiftFile] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: self.path(relative)).sorted() {
            let path = "\(relative)/\(name)"
            if name.hasSuffix(".swift") {
                files.append(SwiftFile(path: path, text: try self.text(path)))
            } else if FileManager.default.fileExists(atPath: self.path(path), isDirectory: &isFolder), isFolder {
                files += try self.swiftFiles(path)
            }
        }
        return files
    }
}

/// A source file as lines, without their indentation.
struct SwiftFile {
    /// An `import` line.
    struct Import {
        let number: Int
        let module: String
        /// `private`, `package`, …; empty when nothing is written.
        let access: String
    }

    let path: String
    let lines: [String]

    init(path: String, text: String) {
        self.path = path
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.drop { $0 == " " })
        }
    }

    /// Every import, also those of a single declaration and those behind attributes.
    var imports: [Import] {
        self.lines.enumerated().compactMap { index, line in
            let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
            let accesses = ["private", "fileprivate", "internal", "package", "public"]
            let access = words.first.flatMap { accesses.contains(String($0)) ? String($0) : nil }
            var rest = words.dropFirst(access == nil ? 0 : 1)
            guard rest.popFirst() == "import" else { return nil }
            let kinds = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
            if let kind = rest.first, kinds.contains(String(kind)) { rest = rest.dropFirst() }
            guard let module = rest.first?.split(separator: ".").first else { return nil }
            return Import(number: index + 1, module: String(module), access: access ?? "")
        }
    }
}
