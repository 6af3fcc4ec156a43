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

    private var obtainedToken: UpstreamToken? {
        let resource = self.value("resource", allowed: "an API's identifier, an absolute URI") { text in
            text.utf8.contains(UInt8(ascii: ":")) && !text.utf8.contains(UInt8(ascii: " ")) ? text : nil
        }
        let fixed = self.text("organization", allowed: "an organization's id")
        let isOnly = self.flag("only_organization") ?? false
        guard fixed == nil || !isOnly else {
            self.refuseTable(found: "organization beside only_organization", allowed: "one of the two")
            return nil
        }
        let organization = fixed.map { UpstreamToken.Organization.fixed($0) } ?? (isOnly ? .only : nil)
        guard resource != nil || organization != nil else {
            if !self.hasProblem("resource", "organization", "only_organization") {
                self.refuseTable(found: "no token", allowed: "resource, organization, only_organization = true")
            }
            return nil
        }
        return .obtained(resource: resource, organization: organization)
    }
}
