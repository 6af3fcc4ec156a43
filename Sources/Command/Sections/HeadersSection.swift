import Access

/// The keys of a route that say how its upstream is told who is signed in: `preset`, `user_claim` and `headers`.
struct HeadersSection {
    /// `nil`: as all upstreams are told.
    let headers: HeaderSet?

    init(_ section: SectionReader) {
        let preset: HeaderPreset? = section.choice("preset")
        let user = section.has("user_claim") ? section.claimPath("user_claim", isRequired: false) : nil
        let own = section.nestedList("headers")?.map(\.headerField) ?? []
        guard preset != nil || user != nil || !own.isEmpty else {
            self.headers = nil
            return
        }
        let fields = (preset ?? .gatehouse).fields(user: [user ?? .plain("sub")]) + own.compactMap(\.self)
        self.headers = HeaderSet(fields)
        if self.headers == nil {
            let double = fields.enumerated().first { index, field in
                fields[..<index].contains { HeaderField.folded($0.name) == HeaderField.folded(field.name) }
            }
            section.refuse(
                "headers",
                found: "\(ConfigurationProblem.quoted(double?.element.name ?? "")) twice",
                allowed: "each name once, also where upper case and \"_\" or \".\" for \"-\" are the only difference"
            )
        }
    }
}

extension SectionReader {
    /// `{ name = …, claim = … }`.
    fileprivate var headerField: HeaderField? {
        let allowed = "a header field's name of 3 to 64 characters, and none by which HTTP itself works"
        let name = self.required("name", allowed: allowed) { HeaderField.isName($0) ? $0 : nil }
        let path = self.claimPath("claim", isRequired: true)
        let encoding: HeaderEncoding? = self.choice("encoding")
        let separator = self.separator("separator")
        let isRequired = self.flag("required")
        guard let name, let path else { return nil }
        var field = HeaderField(name, .claims([path]))
        field.encoding = encoding ?? field.encoding
        field.separator = separator ?? field.separator
        field.isRequired = isRequired ?? field.isRequired
        return field
    }

    private func separator(_ key: String) -> String? {
        let allowed = "1 to 3 ASCII characters that are neither letter nor digit nor \"%\""
        guard let text = self.string(key, allowed: allowed) else { return nil }
        if HeaderField.isSeparator(text) { return text }
        self.refuse(key, found: ConfigurationProblem.quoted(text), allowed: allowed)
        return nil
    }
}
