/// The names of header fields which applications believe to name a user, a certificate, an address or the original URL.
///
/// Compared after folding: case is dropped, and each byte that is neither letter nor digit becomes `-`, because CGI, WSGI,
/// PHP and proxies fold such bytes together. Looked up for each field of each request: by a hash of the first three
/// bytes, then byte by byte.
package final class ReservedNames: Sendable {
    /// Everything that begins with one of these.
    static let families = [
        // Ours, Logto's, and what proxies set.
        "x-gatehouse-", "gatehouse-", "x-logto-", "logto-", "x-forwarded-", "forwarded-", "x-original-", "x-rewrite-",
        // Peers: oauth2-proxy, Authelia, authentik, Pomerium, Vouch, LemonLDAP::NG, Kong, Oathkeeper, Tailscale.
        "x-auth-", "auth-", "x-authenticated-", "gap-", "remote-", "x-remote-", "x-webauth-", "x-authelia-",
        "authelia-",
        "x-authentik-", "authentik-", "x-pomerium-", "x-vouch-", "x-consumer-", "x-credential-", "x-anonymous-consumer",
        "tailscale-", "x-sso-", "x-saml-", "x-cas-", "cas-", "mellon-", "x-openid-", "x-oidc-", "oidc-",
        // Clouds: Google, AWS, Cloudflare, Azure.
        "x-goog-authenticated-", "x-goog-iap-", "x-amzn-oidc-", "cf-access-", "x-ms-client-principal", "x-ms-token-",
        // Older systems: SiteMinder, WebSEAL, Oracle Access Manager, Shibboleth.
        "sm-", "smuser", "iv-", "oam-", "x-oam-", "osso-", "shib-", "x-shib-",
        // Certificates.
        "ssl-client-", "x-ssl-", "client-cert", "x-client-cert", "x-client-dn", "x-client-verify",
        "impersonate-", "x-appengine-user-", "x-hasura-", "x-okta-", "x-tailscale-", "x-apache-remote-",
        // Names that applications choose themselves.
        "x-user", "x-jwt-", "x-group", "x-role", "x-email", "x-claim", "x-identity-",
    ]

    /// Just these.
    package static let names = [
        "forwarded", "x-forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "x-true-client-ip", "client-ip",
        "x-cluster-client-ip", "cf-connecting-ip", "cf-connecting-ipv6", "fastly-client-ip",
        "x-envoy-external-address", "x-arr-clientcert",
        "x-userinfo", "x-id-token", "x-access-token", "x-jwt", "x-proxy-user", "x-uid", "x-sub", "x-subject",
        "x-name", "x-mail", "x-login", "x-account", "x-principal", "x-assertion", "x-token-subject",
        "eppn", "mail", "affiliation", "unscoped-affiliation", "entitlement", "persistent-id", "targeted-id",
        "displayname", "givenname", "x-authenticated", "x-webauth",
        "x-endpoint-api-userinfo", "x-apigateway-api-userinfo", "teleport-jwt-assertion", "x-grafana-user",
        "x-kubernetes-user",
        // CGI turns this one into HTTP_PROXY (CVE-2016-5385).
        "proxy",
    ]

    /// What we write ourselves, in the spellings that are folded into it.
    private static let written = [
        "x-request-id", "content-length", "transfer-encoding", "host", "connection", "upgrade", "expect", "trailer",
    ]

    /// Those that are reserved in every configuration.
    package static let all = ReservedNames(adding: [])

    /// Those, and what a configuration sets besides.
    package convenience init(adding names: [String]) {
        let folded = names.map { String(decoding: HeaderField.folded($0), as: UTF8.self) }
        self.init(families: Self.families, names: Self.names + Self.written + folded, isFolding: true)
    }

    /// Just these names, compared by case alone: those which a front proxy has been told, and takes away in no other
    /// spelling.
    package convenience init(exactly names: [String]) {
        self.init(families: [], names: names.map { $0.lowercased() }, isFolding: false)
    }

    /// Whether a field of this name is removed from requests.
    package func contains(_ name: String) -> Bool { self.contains(name.utf8.span) }

    /// All patterns, one behind the other: no array of arrays to follow.
    private let bytes: [UInt8]
    /// For each pattern, where it begins and ends in `bytes`, and whether it is a family.
    private let patterns: [(start: UInt16, end: UInt16, isFamily: Bool)]
    /// For each hash, the first of its patterns; its last is before the next hash's first.
    private let buckets: InlineArray<257, UInt16>
    /// What each byte is folded to.
    private let folded: InlineArray<256, UInt8>

    private init(families: [String], names: [String], isFolding: Bool) {
        let all = families.map { (Array($0.utf8), true) } + names.map { (Array($0.utf8), false) }
        var bytes: [UInt8] = []
        var patterns: [(UInt16, UInt16, Bool)] = []
        var buckets = InlineArray<257, UInt16>(repeating: 0)
        for bucket in 0..<256 {
            for (pattern, isFamily) in all where Self.bucket(pattern[0], pattern[1], pattern[2]) == bucket {
                patterns.append((UInt16(bytes.count), UInt16(bytes.count + pattern.count), isFamily))
                bytes += pattern
            }
            buckets[bucket + 1] = UInt16(patterns.count)
        }
        self.bytes = bytes
        self.patterns = patterns
        self.buckets = buckets
        self.folded = InlineArray { index in
            let byte = UInt8(truncatingIfNeeded: index)
            if byte.isAlphanumeric { return byte.lowercased }
            return isFolding ? UInt8(ascii: "-") : byte
        }
    }

    package func contains(_ name: Span<UInt8>) -> Bool {
        guard name.count >= 3 else { return false }
        let bucket = Self.bucket(self.folded(name[0]), self.folded(name[1]), self.folded(name[2]))
        var index = Int(self.buckets[bucket])
        let end = Int(self.buckets[bucket + 1])
        while index < end {
            if self.matches(name, self.patterns[index]) { return true }
            index += 1
        }
        return false
    }

    private func matches(_ name: Span<UInt8>, _ pattern: (start: UInt16, end: UInt16, isFamily: Bool)) -> Bool {
        let start = Int(pattern.start)
        let length = Int(pattern.end) - start
        guard pattern.isFamily ? name.count >= length : name.count == length else { return false }
        for offset in 0..<length where self.folded(name[offset]) != self.bytes[start + offset] { return false }
        return true
    }

    private func folded(_ byte: UInt8) -> UInt8 {
        self.folded[Int(byte)]
    }

    private static func bucket(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int {
        let word = UInt32(first) << 16 | UInt32(second) << 8 | UInt32(third)
        return Int(truncatingIfNeeded: (word &* 0x9E37_79B1) >> 24)
    }
}
