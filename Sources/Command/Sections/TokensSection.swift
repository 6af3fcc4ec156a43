import Access
import Gateway

/// The keys of a route about tokens: `bearer`, which it takes from API clients, and `token`, which its upstream gets.
struct TokensSection {
    let bearer: BearerPolicy?
    let token: UpstreamToken?

    init(_ section: SectionReader, _ access: Access) {
        self.bearer = section.nested("bearer").flatMap(\.bearerPolicy)
        self.token = section.upstreamToken("token")
        for key in ["bearer", "token"] where access == .anyone && section.has(key) {
            section.refuse(
                key,
                found: "\(key) with access = \"anyone\"",
                allowed: "access = \"signed-in\" or \"optional\" there: nobody is looked up otherwise"
            )
        }
    }
}

extension SectionReader {
    fileprivate var bearerPolicy: BearerPolicy? {
        let audiences = self.list("audiences", of: "audiences", mayBeEmpty: false)
        let clients = self.list("opaque_clients", of: "application ids", mayBeEmpty: false) ?? []
        let takesPersonal = self.flag("personal_access_tokens") ?? false
        guard audiences != nil || !clients.isEmpty || self.hasProblem("audiences", "opaque_clients") else {
            self.refuseTable(found: "no token that would be taken", allowed: "audiences, opaque_clients, or both")
            return nil
        }
        if takesPersonal, audiences == nil {
            self.refuse(
                "personal_access_tokens",
                found: "true without audiences",
                allowed: "an audience to exchange them for"
            )
            return nil
        }
        return BearerPolicy(audiences: audiences ?? [], opaqueClients: clients, takesPersonalTokens: takesPersonal)
    }

    fileprivate func upstreamToken(_ key: String) -> UpstreamToken? {
        let allowed = "\"id\", \"access\", or a table with resource, organization or only_organization"
        guard let setting = self.setting(key) else { return nil }
        switch setting {
        case .file(.string("id")): return .idToken
        case .file(.string("access")): return .accessToken
        case .file(.table): return self.nested(key).flatMap(\.obtainedToken)
        case .file, .variable:
            self.refuse(key, found: setting.shown, allowed: allowed)
            return nil
        }
    }

    /// An API, an organization, or an API within an organization: always the same one.
    var fixedToken: UpstreamToken? {
        let resource = self.resource
        let organization = self.text("organization", allowed: "an organization's id")
        guard resource != nil || organization != nil else {
            if !self.hasProblem("resource", "organization") {
                self.refuseTable(found: "no API", allowed: "resource, organization, or both")
            }
            return nil
        }
        return .obtained(resource: resource, organization: organization.map { .fixed($0) })
    }

    private var resource: String? {
        self.value("resource", allowed: "an API's identifier, an absolute URI") { $0.isResource ? $0 : nil }
    }

    private var obtainedToken: UpstreamToken? {
        let resource = self.resource
        let organizations = self.organizations
        guard organizations.count <= 1 else {
            self.refuseTable(
                found: "organization in \(organizations.count) ways",
                allowed: "one of organization, only_organization, organization_segment and organization_header"
            )
            return nil
        }
        guard resource != nil || !organizations.isEmpty else {
            if !self.hasProblem(
                "resource",
                "organization",
                "only_organization",
                "organization_segment",
                "organization_header"
            ) {
                self.refuseTable(
                    found: "no token",
                    allowed: "resource, organization, only_organization = true, organization_segment, "
                        + "organization_header"
                )
            }
            return nil
        }
        return .obtained(resource: resource, organization: organizations.first)
    }

    /// In how many ways the table says which organization.
    private var organizations: [UpstreamToken.Organization] {
        let fixed = self.text("organization", allowed: "an organization's id")
        let isOnly = self.flag("only_organization") ?? false
        let segment = self.number("organization_segment", in: 1...32)
        let allowed = "a field's name that no configuration sets, such as \"X-Organization\""
        let field = self.value("organization_header", allowed: allowed) { text in
            HeaderField.isName(text) && !IdentityFields.isReserved(text) ? text.lowercased() : nil
        }
        return [
            fixed.map { .fixed($0) }, isOnly ? .only : nil, segment.map { .segment($0 - 1) },
            field.map { .field($0) },
        ].compactMap(\.self)
    }
}

extension SectionReader {
    /// The identifiers of APIs, of which sessions may obtain tokens for pages.
    func resources(_ key: String) -> [String]? {
        let allowed = "identifiers of APIs, absolute URIs"
        guard let resources = self.list(key, of: allowed, mayBeEmpty: true) else { return nil }
        guard let odd = resources.first(where: { !$0.isResource }) else { return resources }
        self.refuse(key, found: ConfigurationProblem.quoted(odd), allowed: "a list of \(allowed)")
        return nil
    }
}

extension String {
    /// Roughly an absolute URI: the provider knows better.
    fileprivate var isResource: Bool {
        self.utf8.contains(UInt8(ascii: ":")) && !self.utf8.contains(UInt8(ascii: " "))
    }
}
