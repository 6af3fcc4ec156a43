import FoundationEssentials
import Gateway

/// `files`, `answer_file` and `answer_status` of a `[[route]]`: answers without an upstream.
extension SectionReader {
    func fixedAnswers() -> FixedAnswers? {
        let status = self.number("answer_status", in: 200...599) ?? 200
        let file = self.text("answer_file", allowed: "the path of a file")
        let directory = self.text("files", allowed: "the path of a directory")
        if let file {
            if directory != nil {
                self.refuse("files", found: "a directory beside answer_file", allowed: "one of the two")
            }
            let bytes = self.content("answer_file") { () throws(TextFile.Failure) in try TextFile.bytes(of: file) }
            return bytes.map { .one(.init(type: Self.type(of: file), bytes: $0), status: status) }
        }
        guard let directory else { return nil }
        let isReadable: Void? = self.content("files", allowed: "the path of a directory that we can read") {
            () throws(TextFile.Failure) in try TextFile.checkDirectory(directory)
        }
        return isReadable == nil ? nil : self.files(in: directory)
    }

    private static let mostFiles = 1_000
    private static let mostBytes = 16 << 20
    private static let deepest = 8

    /// Everything in the directory, read now.
    private func files(in directory: String) -> FixedAnswers? {
        var files: [[UInt8]: FixedAnswers.Content] = [:]
        var size = 0
        var waiting = [(path: directory, name: "", depth: 0)]
        while let (path, name, depth) = waiting.popLast() {
            for entry in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            where entry.utf8.first != 0x2E {
                var isDirectory = false
                let child = path + "/" + entry
                guard FileManager.default.fileExists(atPath: child, isDirectory: &isDirectory) else { continue }
                if isDirectory {
                    if depth < Self.deepest { waiting.append((child, name + entry + "/", depth + 1)) }
                    continue
                }
                guard let bytes = try? TextFile.bytes(of: child) else {
                    self.refuse(
                        "files",
                        found: ConfigurationProblem.quoted(child),
                        allowed: "files of up to 1MiB that we can read"
                    )
                    return nil
                }
                size += bytes.count
                let content = FixedAnswers.Content(type: Self.type(of: entry), bytes: bytes)
                files[Array((name + entry).utf8)] = content
                if entry.isExactly("index.html") { files[Array(name.utf8)] = content }
                guard files.count <= Self.mostFiles, size <= Self.mostBytes else {
                    self.refuse(
                        "files",
                        found: "more than 1000 files or 16MiB",
                        allowed: "a small directory; all of it is held in memory"
                    )
                    return nil
                }
            }
        }
        return .files(files)
    }

    /// What browsers may take a file for; guessing is forbidden to them.
    private static func type(of file: String) -> String {
        let types = [
            ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
            ".js": "text/javascript; charset=utf-8",
            ".txt": "text/plain; charset=utf-8", ".json": "application/json", ".svg": "image/svg+xml",
            ".png": "image/png",
            ".jpg": "image/jpeg", ".ico": "image/x-icon", ".webp": "image/webp", ".woff2": "font/woff2",
            ".xml": "application/xml", ".pdf": "application/pdf",
        ]
        let bytes = Array(file.utf8)
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")) else { return "application/octet-stream" }
        return types[String(decoding: bytes[dot...], as: UTF8.self).lowercased()] ?? "application/octet-stream"
    }
}
