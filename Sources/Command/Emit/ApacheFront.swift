import Access
import Gateway

/// Apache sends everything through the gateway, which is its standalone proxy then: Apache has no sub-request that asks
/// before it forwards.
enum ApacheFront {
    static func text(_ setup: FrontSetup) -> String {
        FrontSetup.heading(
            "apache",
            [
                "A file in /etc/apache2/sites-enabled. Needs the modules proxy, proxy_http, headers, and ssl for https.",
                "Apache has no sub-request that asks the gateway, so requests go through it: Apache, gateway, application.",
                "The gateway should list this Apache in server.trusted_proxies, for browsers' addresses.",
            ]
        ) + setup.hosts.map { self.virtualHost($0, setup) }.joined()
    }

    private static func virtualHost(_ host: FrontSetup.Host, _ setup: FrontSetup) -> String {
        let tls =
            setup.isTLS
            ? """
                SSLEngine on
                SSLCertificateFile /etc/ssl/gatehouse/\(host.identifier).pem
                SSLCertificateKeyFile /etc/ssl/gatehouse/\(host.identifier).key

            """ : ""
        let checks = "check|forward-auth|ext-authz"
        return """
            <VirtualHost *:\(setup.port)>
                ServerName \(setup.scheme)://\(host.authority.host):\(setup.port)
            \(tls)    ProxyRequests Off
                ProxyPreserveHost On
                # The path goes on byte for byte: what the gateway judges is what the browser has sent.
                AllowEncodedSlashes NoDecode
                ProxyPass / http://\(setup.gatewayAddress())/ nocanon
                # Nobody but a proxy tells where a request comes from; Apache adds the browser's address to this one.
                RequestHeader unset X-Forwarded-For early
                # These are for fronts that ask: the answers show what no script of a page may see.
                <LocationMatch "^\(setup.prefix.replacing(".", with: "\\."))/(\(checks))(/|$)">
                    Require all denied
                </LocationMatch>
            </VirtualHost>

            """
    }
}
