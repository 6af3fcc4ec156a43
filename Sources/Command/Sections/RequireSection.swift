import Access

/// `require`: a table of questions, all of which must be answered with yes. Of a list one member is enough.
struct RequireSection {
    /// `nil` when something is wrong with it.
    private(set) var requirement: (condition: Condition, stepUp: StepUp)?

    private static let deepest = 16

    init(_ section: SectionReader) {
        let stepUp = StepUp(
            classes: section.list("acr", of: "authentication context classes", mayBeEmpty: false) ?? [],
            maximumAge: section.duration("max_age", in: .seconds(10)...(.seconds(400 * 86_400)))
        )
        let conditions = section.conditions(depth: 0)
        guard let conditions else { return }
        guard !conditions.isEmpty || !stepUp.isNone || section.hasProblem("acr", "max_age") else {
            section.refuseEmpty(beside: ["acr", "max_age"])
            return
        }
        let condition = conditions.count == 1 ? conditions[0] : Condition.all(conditions)
        self.requirement = section.hasProblem("acr", "max_age") ? nil : (condition, stepUp)
    }

    fileprivate static func condition(_ section: SectionReader, depth: Int) -> Condition? {
        guard let conditions = section.conditions(depth: depth) else { return nil }
        guard !conditions.isEmpty else {
            section.refuseEmpty()
            return nil
        }
        return conditions.count == 1 ? conditions[0] : .all(conditions)
    }

    fileprivate static func conditions(_ sections: [SectionReader], depth: Int) -> [Condition]? {
        let conditions = sections.map { self.condition($0, depth: depth) }
        let right = conditions.compactMap(\.self)
        return right.count == conditions.count ? right : nil
    }

    fileprivate static func isTooDeep(_ depth: Int) -> Bool { depth >= self.deepest }
}

extension SectionReader {
    private static let lists: [(key: String, list: CallerClaims.List)] = [
        ("roles", .roles), ("scopes", .scopes), ("permissions", .scopes), ("organizations", .organizations),
        ("organization_roles", .organizationRoles),
    ]
    private static let others = ["api", "claims", "email", "email_domain", "network", "all", "any", "not"]

    fileprivate func refuseEmpty(beside more: [String] = []) {
        let keys = Self.lists.map(\.key) + Self.others + more
        self.refuseTable(found: "nothing that is required", allowed: "at least one of \(keys.joined(separator: ", "))")
    }

    /// What each key asks for. `nil` when one of them is wrong.
    fileprivate func conditions(depth: Int) -> [Condition]? {
        guard !RequireSection.isTooDeep(depth) else {
            self.refuseTable(found: "tables too deep in tables", allowed: "up to 16")
            return nil
        }
        var asked: [(key: String, condition: Condition?)] = []
        for (key, list) in Self.lists {
            let allowed = list == .organizationRoles ? "\"organization:role\"" : key
            asked.append((key, self.list(key, of: allowed, mayBeEmpty: false).map { .lists(list, $0) }))
        }
        self.checkOrganizationRoles()
        asked.append(("api", self.nestedList("api").flatMap(Self.permissions)))
        asked.append(("claims", self.nestedList("claims").flatMap(Self.claims)))
        asked.append(("email", self.emails("email")))
        asked.append(("email_domain", self.emailDomains("email_domain")))
        asked.append(("network", self.networks("network")))
        let all = self.nestedList("all").flatMap { RequireSection.conditions($0, depth: depth + 1) }
        asked.append(("all", all.map { .all($0) }))
        let any = self.nestedList("any").flatMap { RequireSection.conditions($0, depth: depth + 1) }
        asked.append(("any", any.map { .any($0) }))
        asked.append(
            ("not", self.nested("not").flatMap { RequireSection.condition($0, depth: depth + 1) }.map { .not($0) })
        )
        let wrong = asked.contains { self.has($0.key) && $0.condition == nil || self.hasProblem($0.key) }
        return wrong ? nil : asked.compactMap(\.condition)
    }

    private func checkOrganizationRoles() {
        let roles = self.list("organization_roles", of: "\"organization:role\"", mayBeEmpty: false) ?? []
        guard let odd = roles.first(where: { !$0.utf8.contains(UInt8(ascii: ":")) }) else { return }
        self.refuse(
            "organization_roles",
            found: ConfigurationProblem.quoted(odd),
            allowed: "a list of \"organization:role\""
        )
    }

    /// `{ resource = …, organization = …, permissions = […] }`.
    private static func permissions(_ sections: [SectionReader]) -> Condition? {
        let conditions = sections.map { section -> Condition? in
            let permissions = section.list("permissions", of: "permissions", mayBeEmpty: false)
            let api = section.fixedToken
            if permissions == nil, !section.hasProblem("permissions") {
                section.refuse("permissions", found: "nothing", allowed: "a list of permissions")
            }
            guard let permissions, let api else { return nil }
            return .permissions(api, permissions)
        }
        let right = conditions.compactMap(\.self)
        guard right.count == conditions.count else { return nil }
        return right.count == 1 ? right[0] : .all(right)
    }

    private static func claims(_ sections: [SectionReader]) -> Condition? {
        let claims = sections.map(\.claim)
        let right = claims.compactMap(\.self)
        guard right.count == claims.count else { return nil }
        return right.count == 1 ? right[0] : .all(right)
    }

    /// `{ path = …, equals = … }`.
    private var claim: Condition? {
        let path = self.claimPath("path", isRequired: true)
        let tests: [(key: String, test: ClaimTest?)] = [
            ("equals", self.claimValue("equals").map { .isOneOf([$0]) }),
            ("in", self.claimValues("in").map { .isOneOf($0) }),
            ("matches", self.pattern("matches").map { .matches($0) }),
            ("exists", self.flag("exists").map { .exists($0) }),
        ]
        let given = tests.filter { self.has($0.key) }
        guard given.count == 1 else {
            self.refuseTable(
                found: given.isEmpty ? "no test" : "more than one test",
                allowed: "exactly one of equals, in, matches, exists"
            )
            return nil
        }
        guard let path, let test = given[0].test else { return nil }
        return .claim(path, test)
    }

    /// A claim's path as text with dots, or as a list of names.
    func claimPath(_ key: String, isRequired: Bool) -> ClaimPath? {
        let allowed = "a claim such as \"custom_data.team\", or [\"https://example.com/team\"] for a name with dots"
        switch self.setting(key) {
        case nil:
            if isRequired { self.refuse(key, found: "nothing", allowed: allowed) }
            return nil
        case .file(.list):
            guard let names = self.list(key, of: "names", mayBeEmpty: false) else { return nil }
            return ClaimPath(names)
        case .file, .variable:
            return self.required(key, allowed: allowed) { ClaimPath($0) }
        }
    }

    private static let values = "a text, a whole number, true or false"

    private func claimValue(_ key: String) -> ClaimTest.Value? {
        guard let setting = self.setting(key) else { return nil }
        if case .file(let value) = setting, let value = ClaimTest.Value(value) { return value }
        self.refuse(key, found: setting.shown, allowed: Self.values)
        return nil
    }

    private func claimValues(_ key: String) -> [ClaimTest.Value]? {
        guard let setting = self.setting(key) else { return nil }
        guard case .file(.list(let items)) = setting, !items.isEmpty else {
            self.refuse(key, found: setting.shown, allowed: "a list with \(Self.values) in each place")
            return nil
        }
        let values = items.compactMap { ClaimTest.Value($0) }
        guard values.count == items.count else {
            self.refuse(key, found: "something else in the list", allowed: Self.values)
            return nil
        }
        return values
    }

    private func pattern(_ key: String) -> Pattern? {
        guard let text = self.string(key, allowed: "a pattern") else { return nil }
        do {
            return try Pattern(text)
        } catch {
            self.refuse(
                key,
                found: ConfigurationProblem.quoted(text),
                allowed: "a pattern of characters, ., [a-z], \\d, \\w, \\s, ( | ), *, +, ? and {2,5}",
                hint: "at character \(error.position + 1): \(error)"
            )
            return nil
        }
    }

    private func emails(_ key: String) -> Condition? {
        self.parsed(key, of: "e-mail addresses") { EmailAddress($0) }.map { .email($0) }
    }

    private func emailDomains(_ key: String) -> Condition? {
        self.parsed(key, of: "domains, such as \"example.com\" or \"*.example.com\"") { EmailDomain($0) }
            .map { .emailDomain($0) }
    }

    private func networks(_ key: String) -> Condition? {
        self.parsed(key, of: "addresses and networks, such as \"10.0.0.0/8\"") { AddressRange($0) }.map { .network($0) }
    }

    private func parsed<Value>(_ key: String, of allowed: String, _ parse: (String) -> Value?) -> [Value]? {
        guard let texts = self.list(key, of: allowed, mayBeEmpty: false) else { return nil }
        let values = texts.map { (text: $0, value: parse($0)) }
        if let odd = values.first(where: { $0.value == nil }) {
            self.refuse(key, found: ConfigurationProblem.quoted(odd.text), allowed: "a list of \(allowed)")
            return nil
        }
        return values.compactMap(\.value)
    }
}

extension ClaimTest.Value {
    /// `nil` for what no claim is compared with.
    fileprivate init?(_ value: SettingValue) {
        switch value {
        case .string(let text): self = .text(text)
        case .integer(let number): self = .number(Int64(number))
        case .boolean(let truth): self = .truth(truth)
        case .list, .table, .other: return nil
        }
    }
}
