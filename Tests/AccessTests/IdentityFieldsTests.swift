import Access
import TestSupport
import Testing

struct IdentityFieldsTests {
    @Test(arguments: [
        "X-Forwarded-User", "x-forwarded-email", "X-FORWARDED-PREFERRED-USERNAME", "X-Forwarded-Name",
        "X-Forwarded-Groups", "X-Forwarded-Access-Token", "X-Forwarded-For", "X-Forwarded-Proto",
        "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Uri", "X-Forwarded-Method",
        "X-Forwarded-Server", "X-Forwarded-Client-Cert", "X-Forwarded-Anything", "Forwarded", "X-Forwarded",
        "Forwarded-For",
        "X-Gatehouse-Assertion", "Gatehouse-User", "X-Logto-Organizations", "Logto-ID-Token", "Logto-Host",
        "X-Auth-Request-User", "X-Auth-Request-Access-Token", "X-Auth-User", "X-Auth-Assertion", "X-Auth-Token",
        "X-Auth-Subject",
        "Auth-User", "Auth-Mail", "Remote-User", "Remote-Groups", "Remote-Name", "Remote-Email", "REMOTE_USER",
        "X-Remote-User", "X-Remote-Group", "X-Remote-Extra-scopes", "X-WEBAUTH-USER", "X-WebAuth-Roles",
        "X-Authenticated-User", "X-Authenticated-UserId", "X-Authenticated-Groups", "X-authentik-username",
        "X-authentik-jwt", "X-Pomerium-Claim-Email", "X-Pomerium-Jwt-Assertion", "X-Vouch-User",
        "X-Vouch-IdP-AccessToken",
        "X-Goog-Authenticated-User-Email", "X-Goog-IAP-JWT-Assertion", "X-Amzn-Oidc-Identity", "X-Amzn-Oidc-Data",
        "Cf-Access-Authenticated-User-Email", "Cf-Access-Jwt-Assertion", "X-MS-CLIENT-PRINCIPAL",
        "X-MS-CLIENT-PRINCIPAL-NAME",
        "X-MS-TOKEN-AAD-ID-TOKEN", "SM_USER", "SM-USERDN", "SMUSER", "SM_UNIVERSALID", "iv-user", "iv-groups",
        "iv_creds", "OAM_REMOTE_USER", "OSSO-User-Dn", "Shib-Identity-Provider", "eppn", "EPPN", "mail",
        "affiliation",
        "OIDC_CLAIM_sub", "OIDC_access_token", "oidc-claim-email", "X-OIDC-Username", "X-OpenID-Subject",
        "X-Userinfo", "X-User", "X-User-Id", "X-UserName", "X-User-Roles", "X-Email", "X-ID-Token", "X-Access-Token",
        "X-JWT-Assertion", "X-JWT",
        "X-Consumer-Username", "X-Consumer-Custom-ID", "X-Credential-Identifier", "X-Anonymous-Consumer",
        "X-Proxy-User", "SSL_CLIENT_S_DN", "SSL-Client-Cert", "X-SSL-Client-DN", "X-Client-Cert", "X-Client-Cert-Dn",
        "Client-Cert",
        "Client-Cert-Chain", "X-ARR-ClientCert", "X-Original-URL", "X-Original-URI", "X-Original-Method",
        "X-Original-Host", "X-Original-Forwarded-For", "X-Rewrite-URL", "X-Real-IP", "X-Client-IP", "True-Client-IP",
        "X-Cluster-Client-IP",
        "CF-Connecting-IP", "Tailscale-User-Login", "GAP-Auth", "X-Groups", "X-Role", "X-Roles", "Proxy",
        "X-Sso-User", "CAS-User", "MELLON_NAME_ID",
    ])
    func `a name that applications believe is reserved`(_ name: String) {
        #expect(IdentityFields.isReserved(name))
        #expect(IdentityFields.isReserved(name.uppercased()))
        #expect(IdentityFields.isReserved(name.lowercased()))
    }

    @Test(arguments: [
        "_", ".", "!", "#", "$", "%", "&", "'", "*", "+", "^", "`", "|", "~", " ", "\t", "\0", "/", ":",
    ])
    func `whatever separates the words of a name, it is the same name`(_ separator: String) {
        for name in [
            "X-Forwarded-User", "Remote-User", "X-Real-IP", "SM-User", "Cf-Access-Jwt-Assertion",
            "X-Auth-Request-Email",
        ] {
            #expect(IdentityFields.isReserved(name.replacing("-", with: separator)))
            #expect(IdentityFields.isReserved(name.replacing("-", with: separator, maxReplacements: 1)))
        }
        #expect(IdentityFields.isReserved("x\(separator)fOrWaRdEd\(separator)UsEr"))
    }

    @Test(arguments: [
        "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Cookie", "Cache-Control",
        "Content-Type", "Authorization", "Origin", "Referer", "Range", "If-None-Match",
        "Upgrade-Insecure-Requests",
        "Sec-Fetch-Mode", "Sec-CH-UA", "Sec-WebSocket-Key", "DNT", "TE", "Priority", "X-Requested-With",
        "X-CSRF-Token", "X-XSRF-TOKEN", "X-Correlation-Id", "Traceparent", "X-Api-Key",
        "X-HTTP-Method-Override", "X-B3-TraceId",
        "X-Frame", "X-Foo", "X", "X-", "", "Mailer", "Mailto", "Remote", "RemoteUser", "Email-Format", "Real-IP",
        "Smart", "Ivy", "If-Match", "Last-Event-ID", "Idempotency-Key", "Forward", "X-Forward", "XForwarded-User",
        "X-Uidx", "Via", "Date",
        "Proxy2", "Sms", "I", "iv", "Xx-User", "X--User", "Oidc", "Shibboleth",
    ])
    func `a name that names nobody passes`(_ name: String) {
        #expect(IdentityFields.isReserved(name) == false)
    }

    @Test func `every name that we set is reserved`() throws {
        for (name, _) in try IdentityFields.rendered(for: .make()) { #expect(IdentityFields.isReserved(name)) }
    }

    @Test func `an identity becomes header fields`() throws {
        let fields = try IdentityFields.rendered(for: .make())
        #expect(
            fields.map(\.name) == [
                "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Forwarded-Name",
                "X-Forwarded-Groups",
            ]
        )
        #expect(fields.map(\.value) == ["706lje0vqvfe", "alice@example.com", "alice", "Alice Liddell", "admin,reader"])
    }

    @Test func `nothing is said of what is not known`() throws {
        let fields = try IdentityFields.rendered(for: Identity(issuer: "i", subject: "s"))
        #expect(fields.map(\.name) == ["X-Forwarded-User"])
    }

    @Test(arguments: [
        ("Alice", "Alice"), ("アリス", "アリス"), ("Liddell, Alice", "Liddell, Alice"),
        ("a\r\nX-Forwarded-User: admin", "a%0D%0AX-Forwarded-User: admin"), ("a\nb", "a%0Ab"), ("a\0b", "a%00b"),
        ("a\tb", "a%09b"), ("\u{7F}", "%7F"), ("a\u{85}b", "a%C2%85b"),
        ("a\u{9F}", "a%C2%9F"), ("a\u{A0}b", "a\u{A0}b"), ("é\u{85}", "é%C2%85"), ("100%", "100%25"),
        ("a%0Ab", "a%250Ab"), (" admin", "%20admin"), ("admin ", "admin%20"), (" ", "%20"), ("  ", "%20%20"),
        ("a b", "a b"), ("\u{1F600}", "\u{1F600}"), ("\r\n", "%0D%0A"),
        ("a\u{2028}b", "a\u{2028}b"), ("\"a\";b", "\"a\";b"), ("\u{C2}\u{80}", "\u{C2}%C2%80"), ("  a", "%20 a"),
        ("a  ", "a %20"), ("a  b", "a  b"),
    ])
    func `a value is text of a stranger`(_ name: String, _ value: String) throws {
        let fields = try IdentityFields.rendered(for: .make(name: name))
        let rendered = try #require(fields.first { $0.name == "X-Forwarded-Name" }).value
        #expect(rendered.utf8.elementsEqual(value.utf8))
    }

    @Test(arguments: [
        (["admin"], "admin"), (["a", "b"], "a,b"), (["x,admin"], "x%2Cadmin"), (["a%2Cb", "c"], "a%252Cb,c"),
        (["a b", "c:d"], "a b,c:d"), (["a\r\nb"], "a%0D%0Ab"), ([" admin ", "x"], "%20admin%20,x"),
        (["a", "", "b"], "a,b"), ([""], String?.none), ([], nil),
        (["日本", "é,"], "日本,é%2C"), ([",", ",,"], "%2C,%2C%2C"),
    ])
    func `one role never looks like two`(_ roles: [String], _ value: String?) throws {
        let fields = try IdentityFields.rendered(for: .make(roles: roles))
        #expect(fields.first { $0.name == "X-Forwarded-Groups" }?.value == value)
    }

    @Test func `two identities never look alike`() throws {
        var generator = SeededGenerator(seed: 10)
        let alphabet = ["a", ",", "%", "2", "C", " ", "0", "A", "\n", "\u{85}", "é", "D"]
        var seen: [[UInt8]: [[UInt8]]] = [:]
        for _ in 0..<5000 {
            let roles = (0..<Int.random(in: 1...2, using: &generator)).map { _ in
                (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator) ?? ""
                }.joined()
            }
            let fields = try IdentityFields.rendered(for: .make(roles: roles))
            let value = try #require(fields.first { $0.name == "X-Forwarded-Groups" }).value
            #expect(value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
            #expect(value.utf8.split(separator: 0x2C, omittingEmptySubsequences: false).count == roles.count)
            #expect(value.utf8.first != 0x20 && value.utf8.last != 0x20)
            let bytes = roles.map { Array($0.utf8) }
            #expect(seen[Array(value.utf8), default: bytes] == bytes)
            seen[Array(value.utf8)] = bytes
        }
    }

    @Test func `too much is refused and never cut`() throws {
        let roles = (0..<200).map { "role number \($0) of a rather large organization" }
        #expect(throws: IdentityFieldsError.self) { try IdentityFields.rendered(for: .make(roles: roles)) }
        #expect(throws: IdentityFieldsError.self) {
            try IdentityFields.rendered(for: .make(name: String(repeating: "\n", count: 3000)))
        }
        #expect(throws: IdentityFieldsError.self) {
            try IdentityFields.rendered(for: .make(subject: String(repeating: "a", count: 9000)))
        }
        let most = Identity(issuer: "i", subject: String(repeating: "a", count: IdentityFields.maximumSize - 20))
        #expect(try IdentityFields.rendered(for: most).count == 1)
        let more = Identity(issuer: "i", subject: String(repeating: "a", count: IdentityFields.maximumSize - 19))
        #expect(throws: IdentityFieldsError.self) { try IdentityFields.rendered(for: more) }
    }
}
