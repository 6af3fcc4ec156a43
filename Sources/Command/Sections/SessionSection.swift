import Access
import Cryptography
import Gateway
import OpenIDConnect

extension Configuration.SessionSettings {
    /// The longest a session can be made to live; browsers forget cookies then anyway.
    private static let longest = Duration.seconds(400 * 86_400)

    /// `[session]`.
    init(_ section: SectionReader) {
        self.init()
        self.store = section.choice("store") ?? self.store
        self.lifetime = section.duration("lifetime", in: .seconds(1)...Self.longest) ?? self.lifetime
        let idle = section.duration("idle", in: .seconds(1)...Self.longest)
        if let idle, idle > self.lifetime {
            section.refuse(
                "idle",
                found: "\"\(Quantity.text(idle))\"",
                allowed: "no more than lifetime, which is \"\(Quantity.text(self.lifetime))\""
            )
        }
        self.idle = min(idle ?? self.idle, self.lifetime)
        self.refreshAhead = section.duration("refresh_ahead", in: .zero...(.seconds(86_400))) ?? self.refreshAhead
        self.revalidateAfter =
            section.duration("revalidate_after", in: .zero...Self.longest) ?? self.revalidateAfter
        self.keys = section.sealingKeys()
        self.corsOrigins = section.origins("cors_origins") ?? self.corsOrigins
        self.tokens.resources = section.resources("token_resources") ?? self.tokens.resources
        self.tokens.forOrganizations = section.flag("organization_tokens") ?? self.tokens.forOrganizations
        self.maximumInMemory = section.number("max_in_memory", in: 1...100_000_000) ?? self.maximumInMemory
        self.cacheBytes = section.size("cache_size", in: 0...(16 << 30)) ?? self.cacheBytes
        self.liveGrace = section.duration("live_grace", in: .zero...(.seconds(86_400))) ?? self.liveGrace
        self.liveCheck = section.duration("live_check", in: .seconds(1)...(.seconds(86_400))) ?? self.liveCheck
        if self.store == .redis, self.keys.isEmpty, !section.hasProblem("keys", "keys_file") {
            section.refuse(
                "keys",
                found: "nothing",
                allowed: "at least one sealing key with store = \"redis\"; `gatehouse key` makes one"
            )
        }
    }
}

extension SectionReader {
    /// As browsers send them.
    func origins(_ key: String) -> [String]? {
        let allowed = "origins, such as \"https://spa.example.com\""
        guard let texts = self.list(key, of: allowed, mayBeEmpty: true) else { return nil }
        let odd = texts.first { text in
            guard let url = EndpointURL(text), url.isOriginOnly else { return true }
            return !url.origin.isExactly(text) || text.lowercased() != text
        }
        guard let odd else { return texts }
        self.refuse(key, found: ConfigurationProblem.quoted(odd), allowed: "a list of \(allowed)")
        return nil
    }

    private static let allowedKeys = "sealing keys, from `gatehouse key`"

    /// From `keys` or from `keys_file`. The keys are secrets: messages count them.
    fileprivate func sealingKeys() -> [SealingKey] {
        let given = self.list("keys", of: Self.allowedKeys, mayBeEmpty: true, isSecret: true) ?? []
        guard let file = self.text("keys_file", allowed: "the path of a file") else { return self.keys("keys", given) }
        guard given.isEmpty else {
            self.refuse("keys_file", found: "a file beside keys", allowed: "one of the two")
            return []
        }
        let content = self.content("keys_file") { () throws(TextFile.Failure) in try TextFile.secret(of: file) }
        guard let content else { return [] }
        let lines = content.split(whereSeparator: \.isNewline).map(String.init)
        if lines.isEmpty { self.refuse("keys_file", found: "an empty file", allowed: "one sealing key on each line") }
        return self.keys("keys_file", lines)
    }

    private func keys(_ key: String, _ texts: [String]) -> [SealingKey] {
        var keys: [SealingKey] = []
        for (index, text) in texts.enumerated() {
            guard let sealingKey = try? SealingKey(text: text) else {
                self.refuse(key, found: "no sealing key in place \(index + 1)", allowed: Self.allowedKeys)
                continue
            }
            guard !keys.contains(where: { $0.name == sealingKey.name }) else {
                self.refuse(key, found: "the key in place \(index + 1) a second time", allowed: "each key once")
                continue
            }
            keys.append(sealingKey)
        }
        return keys
    }
}

extension Configuration.CookieSettings {
    /// `[cookie]`.
    init(_ section: SectionReader) {
        self.init()
        let allowed = "up to 64 letters, digits and !#$%&'*+-.^_`|~, without the prefixes __Host- and __Secure-"
        self.name = section.value("name", allowed: allowed) { $0.isCookieName ? $0 : nil } ?? self.name
        self.sameSite = section.choice("same_site") ?? self.sameSite
    }
}

extension String {
    /// A token (RFC 9110 section 5.6.2) that gets its prefix from us (RFC 6265bis section 4.1.3).
    fileprivate var isCookieName: Bool {
        let bytes = Array(self.utf8)
        let isToken = bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        let lowercased = self.lowercased()
        let hasPrefix = ["__host-", "__secure-"].contains { lowercased.utf8.starts(with: $0.utf8) }
        return (1...64).contains(bytes.count) && isToken && !hasPrefix
    }
}
