import FoundationEssentials

/// A file that is gone when the test is.
final class TemporaryFile {
    let path: String

    init(_ text: String) throws {
        let url = FileManager.default.temporaryDirectory.appending(component: "gatehouse-\(UUID().uuidString)")
        self.path = url.path
        try Data(text.utf8).write(to: url)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }
}
