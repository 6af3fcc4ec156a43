/// An oauth2-proxy configuration as ours.
///
/// Option names are those of oauth2-proxy 7: the flags with `_` for `-`, lists in the plural.
package struct OAuth2ProxyMigration {
    /// What has no equivalent, or another meaning; in the order of the file.
    package private(set) var notes: [String] = []
    private var sections: [(header: String, lines: [String])] = [
        ("[server]", []), ("[provider]", []), ("[session]", []), ("[cookie]", []), ("[redis]", []), ("[paths]", []),
    ]
    private var routes: [[String]] = []
    private let members: [SettingMember]
    private var used: [String] = []

    package init(_ members: [SettingMember]) {
        self.members = members
        self.server()
        self.provider()
        self.session()
        self.routing()
        self.noteTheRest()
    }

    /// The configuration.
    package var text: String {
        let head = ["# Made from an oauth2-proxy configuration. Read each note, then run `gatehouse check`."]
        let notes = self.notes.map { "# NOTE \($0)" }
        let sections = self.sections.filter { !$0.lines.isEmpty }.map {
            ([$0.header] + $0.lines).joined(separator: "\n")
        }
        let routes = self.routes.map { (["[[route]]"] + $0).joined(separator: "\n") }
        return ([(head + notes).joined(separator: "\n")] + sections + routes).joined(separator: "\n\n") + "\n"
    }

    // MARK: Sections

    private mutating func server() {
        let address = (self.text("http_address") ?? "127.0.0.1:4180").replacing("http://", with: "")
        self.set("[server]", "listen", Self.quoted(address.hasPrefix(":") ? "0.0.0.0" + address : address))
        if let redirect = self.text("redirect_url") {
            let parts = redirect.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
            if parts.count >= 3 {
                self.set("[server]", "public_url", Self.quoted(parts[0...2].joined(separator: "/")))
            }
            if parts.count == 4, !parts[3].isEmpty { self.set("[paths]", "callback", Self.quoted("/" + parts[3])) }
        } else {
            self.set("[server]", "public_url", Self.quoted("https://app.example.com"))
            self.notes.append("redirect_url is not set: put what browsers call you into server.public_url")
        }
        if let proxies = self.list("trusted_ips") {
            self.notes.append(
                "trusted_ips lets \(proxies.joined(separator: ", ")) pass without a sign-in there; here write "
                    + "require = { network = [...] } on a route with access = \"anyone\""
            )
        }
        if self.flag("reverse_proxy") == true {
            self.notes.append(
                "reverse_proxy believes everybody there; list your proxies in server.trusted_proxies here"
            )
        }
        if self.text("https_address") != nil || self.text("tls_cert_file") != nil {
            self.notes.append("TLS in front is not served yet: keep a terminator before us")
        }
    }

    private mutating func provider() {
        let kind = self.text("provider")
        if let kind, !["oidc", "keycloak-oidc"].contains(kind) {
            self.notes.append(
                "provider = \"\(kind)\" is not OpenID Connect as we need it; set provider.issuer yourself"
            )
        }
        self.copy("oidc_issuer_url", to: "[provider]", "issuer")
        self.copy("client_id", to: "[provider]", "client_id")
        self.copy("client_secret", to: "[provider]", "client_secret")
        self.copy("client_secret_file", to: "[provider]", "client_secret_file")
        if let scope = self.text("scope") {
            let scopes = scope.split(separator: " ").map { Self.quoted(String($0)) }
            self.set("[provider]", "scopes", "[\(scopes.joined(separator: ", "))]")
        }
        if let prompt = self.text("prompt"), !prompt.isEmpty {
            self.set("[provider]", "prompt", Self.quoted(prompt))
        }
        if let files = self.list("provider_ca_files"), let first = files.first {
            self.set("[provider]", "ca_file", Self.quoted(first))
            if files.count > 1 { self.notes.append("provider_ca_files has several files; put them into one") }
        }
        if self.flag("ssl_insecure_skip_verify") == true {
            self.notes.append("ssl_insecure_skip_verify has no equivalent: give provider.ca_file the right authority")
        }
        if self.flag("insecure_oidc_allow_unverified_email") == true {
            self.notes.append("unverified addresses never decide here: use roles or claims in require")
        }
    }

    private mutating func session() {
        if let name = self.text("cookie_name") {
            let bare = name.replacing("__Host-", with: "").replacing("__Secure-", with: "")
            self.set("[cookie]", "name", Self.quoted(bare))
        }
        if let sameSite = self.text("cookie_samesite"), sameSite != "" {
            if ["lax", "strict"].contains(sameSite) {
                self.set("[cookie]", "same_site", Self.quoted(sameSite))
            } else {
                self.notes.append("cookie_samesite = \"\(sameSite)\" is not offered")
            }
        }
        if let expiry = self.text("cookie_expire") {
            self.set("[session]", "lifetime", Self.quoted(Self.duration(expiry)))
        }
        if self.text("cookie_refresh") != nil {
            self.notes.append("cookie_refresh: tokens for upstreams are refreshed when they are needed")
        }
        if self.text("cookie_secret") != nil || self.text("cookie_secret_file") != nil {
            self.notes.append(
                "cookie_secret is of no use here: `gatehouse key` makes one for session.keys; all sign in anew"
            )
        }
        if let domains = self.list("cookie_domains"), !domains.isEmpty {
            self.notes.append("cookie_domains: a session here is good for one host; give each host its own routes")
        }
        if self.text("session_store_type") == "redis" {
            self.set("[session]", "store", Self.quoted("redis"))
            self.set("[session]", "keys_file", Self.quoted("/etc/gatehouse/session-keys"))
            self.notes.append("session.keys_file must hold a key from `gatehouse key`")
            self.copy("redis_connection_url", to: "[redis]", "url")
            self.copy("redis_password", to: "[redis]", "password")
            self.copy("redis_ca_path", to: "[redis]", "ca_file")
        }
    }

    private mutating func routing() {
        var require: [String] = []
        if let groups = self.list("allowed_groups"), !groups.isEmpty { require.append("roles = \(Self.list(groups))") }
        let domains = self.list("email_domains") ?? []
        if !domains.isEmpty, !domains.contains("*") { require.append("email_domain = \(Self.list(domains))") }
        if self.text("authenticated_emails_file") != nil {
            self.notes.append(
                "authenticated_emails_file: list the addresses in require = { email = [...] }, or use a role"
            )
        }
        if !require.isEmpty, require.count == 2 {
            self.notes.append("oauth2-proxy asks for the group and the domain both; so does require")
        }
        let upstreams = self.list("upstreams") ?? []
        if upstreams.isEmpty { self.notes.append("upstreams is not set: give each route its upstream") }
        var bases: [(path: String, origin: String)] = []
        for upstream in upstreams {
            let parts = upstream.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count >= 3, parts[0] == "http:" else {
                self.notes.append("the upstream \(ConfigurationProblem.quoted(upstream)) is no plain http application")
                continue
            }
            bases.append(("/" + (parts.count == 4 ? String(parts[3]) : ""), parts[0...2].joined(separator: "/")))
        }
        if bases.isEmpty { bases = [("/", "http://127.0.0.1:3000")] }
        let host = self.flag("pass_host_header") == false ? ["preserve_host = false"] : []
        for base in bases {
            let rule = require.isEmpty ? [] : ["require = { \(require.joined(separator: ", ")) }"]
            self.routes.append(
                ["path = \(Self.quoted(base.path))", "upstream = \(Self.quoted(base.origin))"] + self.headers() + rule
                    + host
            )
        }
        self.openRoutes(bases)
    }

    /// Without a sign-in: those that are a plain prefix become routes, the others are left to the operator.
    private mutating func openRoutes(_ bases: [(path: String, origin: String)]) {
        for rule in (self.list("skip_auth_routes") ?? []) + (self.list("skip_auth_regex") ?? []) {
            let parts = rule.split(separator: "=", maxSplits: 1).map(String.init)
            let isNegated = parts.count == 2 && parts[0].hasSuffix("!")
            let (method, pattern) = parts.count == 2 ? (parts[0], parts[1]) : ("", rule)
            var path = pattern
            if path.hasPrefix("^") { path.removeFirst() }
            for ending in ["(/.*)?$", "/.*$", "/.*", "/", "$"] where path.hasSuffix(ending) {
                path.removeLast(ending.count)
                break
            }
            let isPlain = path.hasPrefix("/") && !path.utf8.contains { "^$.*+?()[]{}|\\".utf8.contains($0) }
            guard isPlain, !isNegated, pattern.hasPrefix("^"), let base = bases.last(where: { path.hasPrefix($0.path) })
            else {
                self.notes.append(
                    "skip_auth_routes: \(ConfigurationProblem.quoted(rule)) is a pattern; write a route with "
                        + "access = \"anyone\" for the paths it means"
                )
                continue
            }
            let methods = method.isEmpty ? [] : ["methods = [\(Self.quoted(method))]"]
            self.routes.append(
                ["path = \(Self.quoted(path))", "upstream = \(Self.quoted(base.origin))", "access = \"anyone\""]
                    + methods
            )
            if !methods.isEmpty {
                self.notes.append("\(path): add a route without methods for the others, or they get 405")
            }
        }
        if self.flag("skip_jwt_bearer_tokens") == true {
            self.notes.append(
                "skip_jwt_bearer_tokens takes ID tokens; here write bearer = { audiences = [...] } per route"
            )
        }
        if self.list("api_routes") != nil {
            self.notes.append("api_routes: what is no navigation gets 401 here by itself")
        }
    }

    private mutating func headers() -> [String] {
        var lines: [String] = []
        if self.flag("pass_user_headers") == false {
            lines.append("preset = \"none\"")
        } else {
            lines.append("preset = \"oauth2-proxy\"")
        }
        if self.flag("pass_access_token") == true || self.flag("set_authorization_header") == true
            || self.flag("pass_authorization_header") == true
        {
            let isID = self.flag("pass_access_token") != true
            lines.append("token = \(Self.quoted(isID ? "id" : "access"))")
            let note = "tokens go to the upstream as Authorization: Bearer alone, not as X-Forwarded-Access-Token"
            if !self.notes.contains(note) { self.notes.append(note) }
        }
        return lines
    }

    private mutating func noteTheRest() {
        for member in self.members where !self.used.contains(member.key) {
            self.notes.append("\(member.key) (line \(member.line)) has no equivalent, or none is needed")
        }
    }

    // MARK: Reading and writing

    private mutating func value(_ key: String) -> SettingValue? {
        self.used.append(key)
        return self.members.member(key)?.value
    }

    private mutating func text(_ key: String) -> String? {
        if case .string(let text) = self.value(key) { text } else { nil }
    }

    private mutating func flag(_ key: String) -> Bool? {
        if case .boolean(let flag) = self.value(key) { flag } else { nil }
    }

    /// One text counts as a list of one.
    private mutating func list(_ key: String) -> [String]? {
        switch self.value(key) {
        case .string(let text): return [text]
        case .list(let items):
            return items.compactMap { if case .string(let text) = $0 { text } else { nil } }
        default: return nil
        }
    }

    private mutating func copy(_ key: String, to section: String, _ name: String) {
        if let text = self.text(key), !text.isEmpty { self.set(section, name, Self.quoted(text)) }
    }

    private mutating func set(_ section: String, _ key: String, _ value: String) {
        guard let index = self.sections.firstIndex(where: { $0.header == section }) else { return }
        self.sections[index].lines.append("\(key) = \(value)")
    }

    /// A basic string of TOML.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case let other where other.value < 0x20 || other.value == 0x7F:
                let digits = String(other.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func list(_ texts: [String]) -> String {
        "[\(texts.map { self.quoted($0) }.joined(separator: ", "))]"
    }

    /// `168h0m0s` as `168h`.
    private static func duration(_ text: String) -> String {
        var short = text
        for ending in ["0s", "0m"] where short.count > 2 && short.hasSuffix(ending) {
            let rest = short.dropLast(2)
            if rest.last?.isLetter == true { short = String(rest) }
        }
        return short
    }
}
