package import Gateway

extension Configuration.Listener {
    /// What `init` reads, for messages.
    static let allowed =
        Configuration.ListenAddress.allowed
        + ", \"unix:/path\" or \"systemd:name\", each with \"https://\" or \"redirect://\" in front or without, or a list"

    /// Reads `[https://|redirect://]PLACE`.
    package init?(_ text: String) {
        var speech = Configuration.Listener.Speech.http
        var rest = text.utf8[...]
        for candidate in [Configuration.Listener.Speech.https, .redirect] {
            let prefix = "\(candidate.rawValue)://".utf8
            guard rest.starts(with: prefix) else { continue }
            speech = candidate
            rest = rest.dropFirst(prefix.count)
            break
        }
        guard let place = Self.place(String(decoding: rest, as: UTF8.self)) else { return nil }
        self.init(speech, on: place)
    }

    private static func place(_ text: String) -> Place? {
        let bytes = text.utf8
        if bytes.starts(with: "unix:".utf8) {
            let path = String(decoding: bytes.dropFirst("unix:".utf8.count), as: UTF8.self)
            // 107 bytes are what a socket's address has room for.
            guard path.utf8.first == UInt8(ascii: "/"), (2...107).contains(path.utf8.count),
                !path.hasControlCharacters
            else { return nil }
            return .unix(path)
        }
        if bytes.starts(with: "systemd:".utf8) {
            let name = String(decoding: bytes.dropFirst("systemd:".utf8.count), as: UTF8.self)
            guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
                return nil
            }
            return .inherited(name)
        }
        return Configuration.ListenAddress(text).map { .address($0) }
    }
}

extension SectionReader {
    /// One listener, or a list of them.
    func listeners(_ key: String) -> [Configuration.Listener]? {
        let texts: [String]?
        switch self.setting(key) {
        case .file(.list): texts = self.list(key, of: Configuration.Listener.allowed, mayBeEmpty: false)
        case .variable(let text) where text.utf8.contains(UInt8(ascii: ",")):
            texts = self.list(key, of: Configuration.Listener.allowed, mayBeEmpty: false)
        case nil, .file, .variable:
            texts = self.required(key, allowed: Configuration.Listener.allowed) { [$0] }
        }
        guard let texts else { return nil }
        var listeners: [Configuration.Listener] = []
        for text in texts {
            guard let listener = Configuration.Listener(text) else {
                self.refuse(key, found: ConfigurationProblem.quoted(text), allowed: Configuration.Listener.allowed)
                return nil
            }
            guard !listeners.contains(where: { $0.collides(with: listener) }) else {
                self.refuse(
                    key,
                    found: "\(ConfigurationProblem.quoted(text)) beside another",
                    allowed: "each place once"
                )
                return nil
            }
            listeners.append(listener)
        }
        return listeners
    }
}

extension Configuration.Listener {
    fileprivate func collides(with other: Self) -> Bool {
        if case .address(let own) = self.place, case .address(let others) = other.place {
            return own.collides(with: others)
        }
        return self.place == other.place
    }
}
