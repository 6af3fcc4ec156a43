extension SectionReader {
    /// A secret, given as it is or by the file that holds it (`key_file`), but not both. Its text is never repeated.
    func secret(_ key: String, allowed: String) -> String? {
        let given = self.concealed(key, allowed: allowed)
        let file = self.text("\(key)_file", allowed: "the path of a file with PEM certificates")
        guard let file else { return given }
        guard given == nil else {
            self.refuse("\(key)_file", found: "a file beside \(key)", allowed: "one of the two")
            return nil
        }
        guard let text = self.content("\(key)_file", { () throws(TextFile.Failure) in try TextFile.secret(of: file) })
        else { return nil }
        guard !text.isEmpty, !text.hasControlCharacters else {
            let fault = text.isEmpty ? "an empty file" : "more than one line or control characters in the file"
            self.refuse("\(key)_file", found: fault, allowed: "a file with \(allowed)")
            return nil
        }
        return text
    }

    /// Text that is, or may have, a secret: no message repeats it.
    func concealed(_ key: String, allowed: String, mayBeEmpty: Bool = true) -> String? {
        switch self.setting(key) {
        case nil:
            return nil
        case .file(.string("")), .variable(""):
            if !mayBeEmpty { self.refuse(key, found: "\"\"", allowed: allowed) }
        case .file(.string(let text)), .variable(let text):
            guard text.hasControlCharacters else { return text }
            self.refuse(key, found: "control characters", allowed: allowed)
        case .file(let other):
            self.refuse(key, found: other.kind, allowed: allowed)
        }
        return nil
    }

    /// The path of a file that can be read now.
    func file(_ key: String) -> String? {
        guard let path = self.text(key, allowed: "the path of a file") else { return nil }
        guard let bytes = self.content(key, { () throws(TextFile.Failure) in try TextFile.bytes(of: path) }) else {
            return nil
        }
        // Without one the first connection would fail, long after the start.
        guard String(decoding: bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") else {
            self.refuse(key, found: "a file without a PEM certificate", allowed: "PEM certificates")
            return nil
        }
        return path
    }

    /// The path of a directory that can be read now.
    func directory(_ key: String) -> String? {
        guard let path = self.text(key, allowed: "the path of a directory") else { return nil }
        let isReadable =
            self.content(key, allowed: "the path of a directory that we can read") { () throws(TextFile.Failure) in
                try TextFile.checkDirectory(path)
            } != nil
        return isReadable ? path : nil
    }

    /// What is in the file that `key` names; a problem when it cannot be had.
    func content<Content>(
        _ key: String,
        allowed: String = "the path of a file that we can read",
        _ read: () throws(TextFile.Failure) -> Content
    ) -> Content? {
        if let path = self.text(key) { self.note(file: path) }
        do {
            return try read()
        } catch {
            let path = self.text(key).map { ConfigurationProblem.quoted($0) } ?? "nothing"
            self.refuse(key, found: "\(path), which \(error.rawValue)", allowed: allowed)
            return nil
        }
    }
}
