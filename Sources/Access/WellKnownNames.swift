extension IdentityFields {
    /// Fields that a front proxy must take from each request before it reaches an application, name by name: those of
    /// `isReserved` that applications are known to read, or that honest clients, networks and proxies are known to
    /// send. Most proxies know no families of names, so here each stands alone; a check that brings another one of a
    /// family is refused, for nobody would take it away.
    package static let wellKnownNames: [String] = [
        // Ours, and what the answers to checks carry.
        "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Forwarded-Name",
        "X-Forwarded-Groups", "X-Forwarded-Roles", "X-Forwarded-Access-Token", "X-Auth-Request-User",
        "X-Auth-Request-Email", "X-Auth-Request-Preferred-Username", "X-Auth-Request-Name", "X-Auth-Request-Groups",
        "X-Auth-Request-Access-Token", "X-Auth-Request-Redirect", "X-Gatehouse-Assertion", "X-Logto-User",
        "Logto-Id-Token",
        // Peers'.
        "X-Auth-User", "X-Auth-Username", "X-Auth-Email", "X-Auth-Name", "X-Auth-Groups", "X-Auth-Roles",
        "X-Authenticated-User", "X-Authenticated-Userid", "X-Authenticated-Groups", "X-Authelia-User",
        "X-Authentik-Username", "X-Authentik-Email", "X-Authentik-Name", "X-Authentik-Groups", "X-Authentik-Uid",
        "X-Authentik-Jwt", "X-Vouch-User", "X-Vouch-Idp-Idtoken", "X-Pomerium-Jwt-Assertion", "X-Pomerium-Claim-Email",
        "X-Consumer-Username", "X-Consumer-Id", "X-Consumer-Custom-Id", "X-Credential-Identifier",
        "Tailscale-User-Login", "Tailscale-User-Name", "Gap-Auth", "X-Grafana-User", "X-Hasura-User-Id",
        "X-Hasura-Role", "X-Kubernetes-User", "Impersonate-User", "Impersonate-Group", "X-Oidc-User",
        "X-Userinfo", "X-Id-Token", "X-Access-Token", "X-Jwt", "X-Jwt-Assertion", "X-Jwt-Token", "X-Assertion",
        "X-Token-Subject", "X-Authenticated", "X-Auth-Token", "X-Auth-Key", "X-Auth-Assertion", "X-Auth-Subject",
        "X-Vouch-Token", "X-Vouch-Success", "X-Pomerium-Authorization", "X-Pomerium-Claim-Groups",
        "X-Authentik-Entitlements", "X-Authentik-Meta-Outpost", "X-Authentik-Meta-Provider", "X-Authentik-Meta-App",
        "X-Authentik-Meta-Version", "X-Anonymous-Consumer", "X-Consumer-Groups", "Tailscale-User-Profile-Pic",
        "Tailscale-Headers-Info", "X-Hasura-Admin-Secret", "X-Hasura-Allowed-Roles", "X-Hasura-Default-Role",
        "Oidc-Claim-Sub", "Oidc-Claim-Email", "Oidc-Access-Token", "Oidc-Id-Token", "X-Oidc-Claim-Email",
        // Web servers'.
        "Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "X-Remote-User", "X-Remote-Email",
        "X-Remote-Name", "X-Remote-Groups", "X-Webauth-User", "X-Webauth-Email", "X-Webauth-Name", "X-Webauth-Groups",
        "X-Webauth-Role", "X-Proxy-User", "Auth-User", "X-Webauth",
        // Clouds'.
        "X-Goog-Authenticated-User-Email", "X-Goog-Authenticated-User-Id", "X-Goog-Iap-Jwt-Assertion",
        "X-Amzn-Oidc-Identity", "X-Amzn-Oidc-Data", "X-Amzn-Oidc-Accesstoken", "Cf-Access-Jwt-Assertion",
        "Cf-Access-Authenticated-User-Email", "X-Ms-Client-Principal", "X-Ms-Client-Principal-Name",
        "X-Ms-Client-Principal-Id", "X-Ms-Client-Principal-Idp", "X-Ms-Token-Aad-Id-Token",
        "X-Ms-Token-Aad-Access-Token", "X-Ms-Token-Aad-Expires-On",
        "X-Ms-Token-Aad-Refresh-Token", "Cf-Access-Client-Id", "Cf-Access-Client-Secret", "X-Appengine-User-Id",
        "X-Appengine-User-Nickname", "X-Appengine-User-Organization", "X-Appengine-User-Is-Admin",
        "X-Appengine-User-Email", "X-Endpoint-Api-Userinfo", "X-Apigateway-Api-Userinfo", "Teleport-Jwt-Assertion",
        // Older systems'.
        "Sm-User", "Sm-Universalid", "Smuser", "Iv-User", "Iv-Groups", "Iv-Creds", "Oam-Remote-User", "Osso-User-Dn",
        "Shib-Session-Id", "Shib-Identity-Provider", "Eppn", "Mail", "Affiliation", "Unscoped-Affiliation",
        "Entitlement", "Persistent-Id", "Targeted-Id", "Displayname", "Givenname",
        // Certificates.
        "Ssl-Client-Cert", "Ssl-Client-Verify", "Ssl-Client-S-Dn", "X-Ssl-Client-Cert", "X-Ssl-Client-Verify",
        "X-Ssl-Client-S-Dn", "Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-Client-Dn", "X-Client-Verify",
        "X-Arr-Clientcert", "X-Forwarded-Client-Cert", "X-Forwarded-Tls-Client-Cert",
        "X-Forwarded-Tls-Client-Cert-Info", "X-Client-Certificate", "X-Ssl-Cert", "X-Ssl-Client-Sha1",
        "X-Ssl-Client-Dn",
        "X-Ssl-Client-Cn", "X-Ssl-Issuer", "X-Ssl-Client-Issuer", "X-Ssl-Client-Notbefore", "X-Ssl-Client-Notafter",
        "X-Ssl-Client-Serial", "X-Ssl-Client-Session-Id", "X-Ssl-Client-Used", "Ssl-Client-Subject-Dn",
        "Ssl-Client-Issuer-Dn", "Ssl-Client-I-Dn",
        // Names that applications choose themselves.
        "X-User", "X-User-Id", "X-User-Name", "X-User-Email", "X-Username", "X-Uid", "X-Sub", "X-Subject", "X-Name",
        "X-Email", "X-Mail", "X-Login", "X-Account", "X-Principal", "X-Group", "X-Groups", "X-Role", "X-Roles",
        "X-User-Agent", "X-User-Groups", "X-User-Roles", "X-User-Role", "X-User-Token", "X-Group-Id", "X-Role-Id",
        "X-Email-Verified",
        // The original request, its address and its way, which only proxies may tell.
        "Forwarded", "X-Forwarded", "X-Original-Url", "X-Original-Uri", "X-Original-Method", "X-Original-Host",
        "X-Original-For", "X-Original-Proto", "X-Original-Forwarded-For", "X-Original-Remote-Addr", "X-Rewrite-Url",
        "X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Prefix", "X-Forwarded-Path", "X-Forwarded-Port",
        "X-Forwarded-Server", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-Protocol", "X-Forwarded-Https",
        "X-Forwarded-By", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "X-True-Client-Ip", "Client-Ip",
        "X-Cluster-Client-Ip", "Cf-Connecting-Ip", "Cf-Connecting-Ipv6", "Fastly-Client-Ip",
        "X-Envoy-External-Address", "Proxy",
    ]

    /// For the proxies that do know families: what the names to be taken away begin with, in lower case.
    package static let families = ReservedNames.families

    /// The fields which the answer to a check carries and an application reads; each is set or absent, as we say.
    package static let answeredNames = [
        "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Forwarded-Name",
        "X-Forwarded-Groups",
    ]
}
